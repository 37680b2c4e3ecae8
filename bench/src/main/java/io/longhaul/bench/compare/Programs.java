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
package io.longhaul.bench.compare;

import io.longhaul.bench.link.NetworkPair;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Runs the programs of one cell: a server on the right, a client on the left, and ends them all.
///
/// Threading: one thread, but for the watch that ends a client which takes too long.
final class Programs implements AutoCloseable {
    private static final int SECONDS_TO_START = 60;
    private static final String LOOPBACK = "127.0.0.1";
    private static final int LOOK_MILLIS = 250;
    private static final int LOOKS_BEFORE_PROBE = 10;
    private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux of today

    private final NetworkPair namespaces;
    private final Path folder;
    private final List<Process> running = new ArrayList<>();
    private final Set<String> commands = new LinkedHashSet<>();
    private final Map<String, Long> memory = new ConcurrentHashMap<>();
    private final boolean loopback;
    private volatile @Nullable Process server;
    private volatile List<String> probe = List.of();
    private volatile String probed = "";

    /// Makes a runner.
    ///
    /// @param folder for what the programs say on standard error
    /// @param loopback whether both ends are in one namespace
    Programs(NetworkPair namespaces, Path folder, boolean loopback) {
        this.namespaces = namespaces;
        this.folder = folder;
        this.loopback = loopback;
    }

    /// Where servers listen.
    String serverAddress() {
        return loopback ? LOOPBACK : NetworkPair.RIGHT_ADDRESS;
    }

    /// What clients send from.
    String clientAddress() {
        return loopback ? LOOPBACK : NetworkPair.LEFT_ADDRESS;
    }

    /// A folder for files, in memory where there is one; all cells share it.
    Path folder() {
        return folder;
    }

    /// Runs a command beside the next client, a while after its start.
    void probe(List<String> command) {
        probe = command;
    }

    /// What it printed.
    String probed() {
        return probed;
    }

    /// The most memory that the processes had, and what the server had when it was ready.
    Map<String, Long> memory() {
        return Map.copyOf(memory);
    }

    /// The namespaces.
    NetworkPair namespaces() {
        return namespaces;
    }

    /// A Java program on our own class path.
    static List<String> java(Class<?> main, List<String> arguments) {
        return java(List.of(), main.getName(), arguments);
    }

    /// A Java program on our own class path, with options for its JVM.
    static List<String> java(List<String> options, String main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(arguments);
        return command;
    }

    /// Starts a server, and waits until a line of its output has a word.
    ///
    /// @return that line
    String startServer(List<String> command, String word) throws IOException, InterruptedException {
        Path errors = Files.createTempFile(folder, "server", ".err");
        Process process = start(true, command, errors);
        server = process;
        List<String> lines = new ArrayList<>();
        Thread watch = endAfter(process, SECONDS_TO_START);
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.contains(word)) {
                watch.interrupt();
                memory.put("rss_server_start_bytes", residentBytes(process));
                return line;
            }
            lines.add(line);
        }
        watch.interrupt();
        throw new IOException("the server did not start: " + lastLine(lines, errors));
    }

    /// Runs a client until it ends.
    ///
    /// @return its output
    String runClient(List<String> command, int atMostSeconds) throws IOException, InterruptedException {
        Path errors = Files.createTempFile(folder, "client", ".err");
        Process process = start(false, command, errors);
        Thread watch = endAfter(process, atMostSeconds);
        Thread look = Thread.ofVirtual().start(() -> lookAt(process));
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        watch.interrupt();
        look.interrupt();
        look.join();
        if (status != 0) {
            String why = lastLine(output.lines().toList(), errors);
            throw new IOException(
                    status == 137 || status == 143
                            ? "no result within " + atMostSeconds + " s"
                            : "exit status " + status + ": " + why);
        }
        return output;
    }

    /// The processor time that the server has used so far, its children not included.
    double serverCpuSeconds() {
        Process process = server;
        if (process == null) {
            return Double.NaN;
        }
        try {
            String stat = Files.readString(Path.of("/proc", String.valueOf(process.pid()), "stat"));
            // After the name, which may hold anything: state, ... utime is the 12th, stime the 13th word.
            String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return (Long.parseLong(words[11]) + Long.parseLong(words[12])) / TICKS_PER_SECOND;
        } catch (IOException | RuntimeException e) {
            return Double.NaN;
        }
    }

    /// What was run, shortened to what a person would type.
    List<String> commands() {
        return List.copyOf(commands);
    }

    /// Notes again and again how much memory the ends have, and runs the probe.
    private void lookAt(Process client) {
        List<String> command = probe;
        probe = List.of();
        try {
            for (int i = 1; client.isAlive(); i++) {
                Thread.sleep(LOOK_MILLIS);
                memory.merge("rss_client_bytes", residentBytes(client), Math::max);
                Process far = server;
                if (far != null) {
                    memory.merge("rss_server_bytes", residentBytes(far), Math::max);
                }
                if (i == LOOKS_BEFORE_PROBE && !command.isEmpty()) {
                    Process process = namespaces.program(false, command).start();
                    probed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                }
            }
        } catch (IOException e) {
            probed = String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the client has ended
        }
    }

    /// Resident memory of a process; 0 when it has ended.
    private static long residentBytes(Process process) {
        try (Stream<String> lines = Files.lines(Path.of("/proc", String.valueOf(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                    .findFirst()
                    .orElse(0);
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    private Process start(boolean right, List<String> command, Path errors) throws IOException {
        commands.add((right ? "right: " : "left: ") + shorten(command));
        Process process = namespaces
                .program(right || loopback, command)
                .redirectInput(Redirect.from(new File("/dev/null")))
                .redirectError(Redirect.to(errors.toFile()))
                .start();
        running.add(process);
        return process;
    }

    private static String shorten(List<String> command) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < command.size(); i++) {
            String each = command.get(i);
            if (each.equals("-cp")) {
                i++;
            } else {
                words.add(i == 0 ? String.valueOf(Path.of(each).getFileName()) : each);
            }
        }
        return String.join(" ", words)
                .replace("java --enable-native-access=ALL-UNNAMED io.longhaul.cli.Main", "longhaul");
    }

    private static Thread endAfter(Process process, int seconds) {
        return Thread.ofVirtual().start(() -> {
            try {
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                return; // it has answered in time
            }
        });
    }

    private static String lastLine(List<String> output, Path errors) throws IOException {
        List<String> lines = new ArrayList<>(output);
        lines.addAll(Files.readString(errors).lines().toList());
        return lines.stream()
                .filter(line -> !line.isBlank() && !line.startsWith("\tat "))
                .reduce((a, b) -> b)
                .map(line -> line.replaceFirst("^Exception in thread \"[^\"]*\" [A-Za-z.]+: ", ""))
                .orElse("it said nothing");
    }

    @Override
    public void close() {
        for (Process each : running) {
            each.destroyForcibly();
        }
        boolean interrupted = false;
        for (Process each : running) {
            try {
                each.waitFor(5, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
