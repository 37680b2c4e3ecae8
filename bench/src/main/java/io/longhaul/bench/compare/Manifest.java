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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a reader must know about a machine to judge its figures.
final class Manifest {
    private Manifest() {}

    /// Looks at this machine.
    ///
    /// @param arguments what the command was called with
    static Map<String, @Nullable Object> ofThisMachine(List<String> arguments) {
        String root = System.getProperty("longhaul.root", ".");
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        result.put("manifest", 1);
        result.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        result.put("command", "./longhaul bench" + (arguments.isEmpty() ? "" : " " + String.join(" ", arguments)));
        result.put("commit", output("git", "-C", root, "rev-parse", "--short=12", "HEAD"));
        result.put(
                "changed_files",
                output("git", "-C", root, "status", "--porcelain", "-uno")
                        .lines()
                        .count());
        result.put("jdk", System.getProperty("java.runtime.version"));
        result.put("kernel", read("/proc/sys/kernel/osrelease"));
        result.put("processor", processor());
        result.put("processors", Runtime.getRuntime().availableProcessors());
        result.put(
                "memory", read("/proc/meminfo").lines().findFirst().orElse("").replaceAll(".*: *", ""));
        result.put("governor", read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
        result.put("iperf3", output("iperf3", "--version").lines().findFirst().orElse(""));
        result.put("tcp_controllers", read("/proc/sys/net/ipv4/tcp_available_congestion_control"));
        result.put("load", load());
        return result;
    }

    /// How many threads wanted a processor in the last minute.
    static double load() {
        try {
            return Double.parseDouble(read("/proc/loadavg").split(" ", -1)[0]);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private static String processor() {
        return read("/proc/cpuinfo")
                .lines()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.replaceAll(".*: *", ""))
                .findFirst()
                .orElse("unknown");
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            return "";
        }
    }

    private static String output(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
