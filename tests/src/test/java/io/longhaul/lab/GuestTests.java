/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.lab;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// Runs tests inside the guest: `GuestTests TESTS REPORT`. TESTS is the list of {@link GuestSuite}. What REPORT says
/// was begun before is passed over, so that a run goes on after a test killed its JVM. The status is 0 whenever all
/// tests were run: REPORT tells what failed.
final class GuestTests implements TestExecutionListener {
    /// The tag of the tests that run in the guest, and only there.
    static final String TAG = "guest";

    /// A file that `wan_up` leaves when a test changed the WAN.
    private static final Path CHANGED_WAN = Path.of("/run/wan.changed");

    /// How long it may be quiet inside of a class, whatever the time that a test asks for, before the JVM is ended:
    /// from
    /// the begin or end of a test, or of a method that makes tests, to the next.
    private static final Duration LONGEST = Duration.ofSeconds(150);

    private final Writer report;
    private final Map<String, Long> started = new HashMap<>();
    private int depth;

    private volatile long deadlineNanos = Long.MAX_VALUE;
    private volatile String running = "";

    private GuestTests(Writer report) {
        this.report = report;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        final Path file = Path.of(arguments[1]);
        final Set<String> begun = new HashSet<>();
        final Set<String> done = new HashSet<>();
        String last = "none";
        for (GuestReport.Event event : GuestReport.read(file)) {
            switch (event.kind()) {
                case BEGUN -> {
                    begun.add(event.id());
                    last = event.id();
                }
                case DONE -> done.add(event.name());
                default -> {}
            }
        }
        // A class of which no test began is not tried again: its preparation killed the JVM.
        final String unprepared = last + "/";
        try (Writer report = Files.newBufferedWriter(
                file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            final GuestTests listener = new GuestTests(report);
            Thread.ofPlatform().daemon().start(listener::watch);
            for (Map.Entry<String, List<String>> entry :
                    identifiersByClass(Path.of(arguments[0])).entrySet()) {
                final List<String> left = new ArrayList<>(entry.getValue());
                left.removeIf(id -> begun.contains(id) || id.startsWith(unprepared));
                if (!left.isEmpty() && !done.contains(entry.getKey())) {
                    restoreWan();
                    LauncherFactory.create().execute(request(left), listener);
                    listener.write(new GuestReport.Event(GuestReport.Kind.DONE, "", entry.getKey(), 0, ""));
                }
            }
        }
        // A thread that a failed test left behind must not hold the guest.
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, List<String>> identifiersByClass(Path tests) throws IOException {
        final Map<String, List<String>> classes = new LinkedHashMap<>();
        for (String line : Files.readAllLines(tests)) {
            final String[] fields = line.split("\t");
            classes.computeIfAbsent(fields[0], name -> new ArrayList<>()).add(fields[1]);
        }
        return classes;
    }

    private static LauncherDiscoveryRequest request(List<String> identifiers) {
        return LauncherDiscoveryRequestBuilder.request()
                .selectors(identifiers.stream()
                        .map(DiscoverySelectors::selectUniqueId)
                        .toList())
                .configurationParameter("junit.jupiter.execution.timeout.testable.method.default", "90 s")
                .build();
    }

    /// Ends a JVM whose test hangs where no interruption reaches it; another one goes on with the next test.
    private void watch() {
        while (true) {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
            if (deadlineNanos != Long.MAX_VALUE && System.nanoTime() - deadlineNanos > 0) {
                System.out.println("HANGS " + running);
                Thread.getAllStackTraces().forEach((thread, frames) -> {
                    System.out.println("  thread " + thread.getName());
                    for (StackTraceElement frame : frames) {
                        System.out.println("    " + frame);
                    }
                });
                Runtime.getRuntime().halt(70);
            }
        }
    }

    /// Makes the WAN a plain one again if a test changed it.
    private static void restoreWan() throws IOException, InterruptedException {
        if (!Files.exists(CHANGED_WAN)) {
            return;
        }
        final Process process = new ProcessBuilder("bash", "-c", "wan_up && rm " + CHANGED_WAN)
                .inheritIO()
                .start();
        if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
            System.out.println("the WAN could not be restored");
        }
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        started.put(test.getUniqueId(), System.nanoTime());
        if (isEngine(test)) {
            return;
        }
        depth++;
        running = name(test);
        deadlineNanos = System.nanoTime() + LONGEST.toNanos();
        write(new GuestReport.Event(GuestReport.Kind.BEGUN, test.getUniqueId(), running, 0, ""));
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        tell(GuestReport.Kind.SKIPPED, test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (!isEngine(test)) {
            depth--;
        }
        deadlineNanos = depth == 0 ? Long.MAX_VALUE : System.nanoTime() + LONGEST.toNanos();
        final String trace = result.getThrowable().map(GuestTests::trace).orElse("");
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (test.isTest()) {
                    tell(GuestReport.Kind.PASSED, test, "");
                } else if (!isEngine(test)) {
                    tell(GuestReport.Kind.ENDED, test, "");
                }
            }
            case ABORTED ->
                tell(
                        GuestReport.Kind.SKIPPED,
                        test,
                        result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
            case FAILED -> tell(GuestReport.Kind.FAILED, test, trace);
        }
    }

    private static boolean isEngine(TestIdentifier test) {
        return test.getParentId().isEmpty();
    }

    private void tell(GuestReport.Kind kind, TestIdentifier test, String text) {
        final long begin = started.getOrDefault(test.getUniqueId(), System.nanoTime());
        final long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        final String name = name(test);
        final String detail = switch (kind) {
            case SKIPPED -> ": " + text;
            case FAILED -> "\n" + text;
            default -> "";
        };
        System.out.println(kind + " " + name + " (" + millis + " ms)" + detail);
        write(new GuestReport.Event(kind, test.getUniqueId(), name, millis, text));
    }

    private void write(GuestReport.Event event) {
        try {
            GuestReport.append(report, event);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(TestIdentifier test) {
        final StringBuilder name = new StringBuilder();
        for (var segment : test.getUniqueIdObject().getSegments()) {
            if (segment.getType().equals("class")) {
                final String full = segment.getValue();
                name.append(full.substring(full.lastIndexOf('.') + 1));
            } else if (segment.getType().equals("nested-class")) {
                name.append('.').append(segment.getValue());
            }
        }
        if (test.getSource().filter(ClassSource.class::isInstance).isEmpty()) {
            name.append(" > ").append(test.getDisplayName());
        }
        return name.toString();
    }

    private static String trace(Throwable throwable) {
        final StringWriter text = new StringWriter();
        throwable.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }
}
