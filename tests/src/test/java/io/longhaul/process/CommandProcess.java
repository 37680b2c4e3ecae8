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
package io.longhaul.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One run of the command in a process of its own, on the class path of the tests.
final class CommandProcess implements AutoCloseable {
    private static final AtomicInteger RUNS = new AtomicInteger();
    private static final long LONGEST_SECONDS = 120;

    private final Process process;
    private final Path out;
    private final Path err;

    private CommandProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /// How a run ended.
    record Outcome(int status, String out, String err) {
        /// A number from the JSON object on standard output.
        double number(String field) {
            final Matcher matcher =
                    Pattern.compile("\"" + field + "\": (-?[0-9.Ee+-]+)").matcher(out);
            if (!matcher.find()) {
                throw new AssertionError("no number " + field + " in " + this);
            }
            return Double.parseDouble(matcher.group(1));
        }

        /// True when the JSON object has a field of this value.
        boolean has(String field, String value) {
            return out.contains("\"" + field + "\": " + value);
        }
    }

    /// Starts the command.
    ///
    /// @param directory where its output is kept
    static CommandProcess start(Path directory, String... arguments) throws IOException {
        return start(List.of(), directory, arguments);
    }

    /// Starts the command behind another one, such as `unshare`.
    static CommandProcess start(List<String> before, Path directory, String... arguments) throws IOException {
        return startProgram(before, directory, classPath(), "io.longhaul.cli.Main", arguments);
    }

    /// Starts a program.
    ///
    /// @param before what starts it, such as `unshare`
    /// @param main its class
    static CommandProcess startProgram(
            List<String> before, Path directory, String classPath, String main, String... arguments)
            throws IOException {
        final int run = RUNS.incrementAndGet();
        final Path out = directory.resolve(run + ".out");
        final Path err = directory.resolve(run + ".err");
        final List<String> command = new ArrayList<>(before);
        command.addAll(javaCommand(classPath, main));
        command.addAll(List.of(arguments));
        final Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        process.getOutputStream().close();
        return new CommandProcess(process, out, err);
    }

    /// The class path of the tests.
    static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    private static List<String> javaCommand(String path, String main) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-ea",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                path,
                main);
    }

    /// Runs the command to its end.
    static Outcome run(Path directory, String... arguments) throws IOException, InterruptedException {
        try (CommandProcess process = start(directory, arguments)) {
            return process.await();
        }
    }

    /// Waits for its end.
    Outcome await() throws IOException, InterruptedException {
        if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the command did not end: " + text(err));
        }
        return outcome();
    }

    Outcome outcome() throws IOException {
        return new Outcome(process.isAlive() ? -1 : process.exitValue(), text(out), text(err));
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }

    /// Waits until standard output matches, and gives the first group.
    String awaitOutput(String regex) throws IOException {
        final Pattern pattern = Pattern.compile(regex);
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (System.nanoTime() - deadline < 0 && process.isAlive()) {
            final Matcher matcher = pattern.matcher(text(out));
            if (matcher.find()) {
                return matcher.group(1);
            }
            LockSupport.parkNanos(5_000_000);
        }
        throw new AssertionError("no output like " + regex + ": " + outcome());
    }

    boolean isAlive() {
        return process.isAlive();
    }

    Process process() {
        return process;
    }

    /// SIGKILL.
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /// SIGTERM.
    void terminate() {
        process.destroy();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
