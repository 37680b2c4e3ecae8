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
package io.longhaul.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A server in a second process, with the same Java, the same class path and the same options of the machine.
///
/// It never outlives this process: it ends when its standard input does, and {@link #close} and a shutdown hook kill
/// it.
///
/// Threading: one thread.
final class ServerProcess implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("\"port\": (\\d{1,5})");
    private static final long STOP_SECONDS = 5;

    private final Process process;
    private final int port;
    private final Thread killer;

    private ServerProcess(Process process, int port, Thread killer) {
        this.process = process;
        this.port = port;
        this.killer = killer;
    }

    /// Starts a server and waits until it listens.
    ///
    /// @param arguments of `serve`, beside those that this class needs
    static ServerProcess start(List<String> arguments) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of("serve", "--json", "--exit-with-stdin", "--listen", "127.0.0.1:0"));
        command.addAll(arguments);
        final Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.PIPE)
                .start();
        final Thread killer = Thread.ofPlatform().unstarted(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(killer);
        boolean started = false;
        try {
            final StringBuilder errors = new StringBuilder();
            collect(process, errors);
            final BufferedReader out =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            final int port = awaitPort(out);
            if (port < 0) {
                process.destroyForcibly();
                throw new IOException("the server process did not start: " + textOf(errors));
            }
            started = true;
            return new ServerProcess(process, port, killer);
        } finally {
            if (!started) {
                process.destroyForcibly();
                Runtime.getRuntime().removeShutdownHook(killer);
            }
        }
    }

    // The JVM itself may say something first, on either stream: what it makes of the options that it was given.
    private static int awaitPort(BufferedReader out) throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            final Matcher matcher = PORT.matcher(line);
            if (matcher.find()) {
                return Integer.parseInt(matcher.group(1));
            }
        }
        return -1;
    }

    private static void collect(Process process, StringBuilder errors) {
        Thread.ofPlatform().daemon().name("longhaul-server-errors").start(() -> {
            try (BufferedReader in = process.errorReader(StandardCharsets.UTF_8)) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    synchronized (errors) {
                        if (errors.length() < 4096) {
                            errors.append(line).append(' ');
                        }
                    }
                }
            } catch (IOException e) {
                return; // the process has ended
            }
        });
    }

    private static String textOf(StringBuilder errors) {
        synchronized (errors) {
            return errors.isEmpty() ? "it said nothing" : errors.toString().strip();
        }
    }

    /// Where it listens on 127.0.0.1.
    int port() {
        return port;
    }

    /// Process id.
    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(killer);
        } catch (IllegalStateException e) {
            process.destroyForcibly(); // this process is ending
        }
    }
}
