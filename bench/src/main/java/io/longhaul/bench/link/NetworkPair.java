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
package io.longhaul.bench.link;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Two network namespaces, "left" and "right", each with one address, and programs that run in them.
///
/// They are removed by [#close()], together with everything that still runs in them. A guard, a shell that waits for
/// the end
/// of this process, removes them as well when this process is killed.
///
/// Threading: one thread.
public final class NetworkPair implements AutoCloseable {
    /// The address of the left end.
    public static final String LEFT_ADDRESS = "10.201.77.1";

    /// The address of the right end.
    public static final String RIGHT_ADDRESS = "10.201.77.2";

    private static final String NETWORK = "10.201.77.0/30";
    private static final int SECONDS_FOR_A_COMMAND = 20;

    // Without metrics of earlier connections, windows that fill the path, and no slow start after idle times: what a
    // person
    // would set who tunes TCP for such a path.
    private static final List<String> TUNING = List.of(
            "net.ipv4.tcp_rmem=4096 1048576 536870912",
            "net.ipv4.tcp_wmem=4096 1048576 536870912",
            "net.ipv4.tcp_no_metrics_save=1",
            "net.ipv4.tcp_slow_start_after_idle=0",
            "net.ipv4.ip_local_port_range=20000 60000",
            "net.ipv6.conf.all.disable_ipv6=1");

    // What programs without privileges may ask for. It belongs to the whole machine, and is put back.
    private static final List<Path> SOCKET_LIMITS =
            List.of(Path.of("/proc/sys/net/core/rmem_max"), Path.of("/proc/sys/net/core/wmem_max"));
    private static final long SOCKET_LIMIT_BYTES = 256 << 20;
    private static final Path MEMORY = Path.of("/dev/shm");

    // Reads until its input ends, which is when this process ends, by whatever. Then: left, right, folder, and pairs of
    // a file
    // and what stood there.
    private static final String GUARD = "trap '' INT TERM HUP; read -r _; for n in \"$1\" \"$2\"; do "
            + "for i in 1 2 3; do p=$(ip netns pids \"$n\" 2>/dev/null); [ -n \"$p\" ] || break; kill -9 $p 2>/dev/null;"
            + " sleep 0.1; done; ip netns del \"$n\" 2>/dev/null; done; rm -rf \"$3\"; shift 3;"
            + " while [ $# -gt 1 ]; do echo \"$2\" > \"$1\"; shift 2; done; exit 0";

    private final String name;
    private final Path folder;
    private final Process guard;
    private final String[] devices = {"", ""}; // left, right
    private boolean closed;

    /// Makes the namespaces, without a device yet.
    ///
    /// @throws IOException with the first line of what the command said
    public NetworkPair() throws IOException {
        name = "longhaul-" + ProcessHandle.current().pid();
        folder = Path.of(Files.isDirectory(MEMORY) ? MEMORY.toString() : System.getProperty("java.io.tmpdir", "/tmp"))
                .resolve("longhaul-bench-" + UUID.randomUUID());
        List<String> command = new ArrayList<>(List.of("sh", "-c", GUARD, "guard", left(), right(), folder.toString()));
        List<Path> low = new ArrayList<>();
        for (Path each : SOCKET_LIMITS) {
            String value = number(each);
            if (Long.parseLong(value) < SOCKET_LIMIT_BYTES) {
                low.add(each);
                command.addAll(List.of(each.toString(), value));
            }
        }
        guard = new ProcessBuilder(command)
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD)
                .start();
        try {
            Files.createDirectory(folder);
            for (Path each : low) {
                Files.writeString(each, String.valueOf(SOCKET_LIMIT_BYTES));
            }
            for (String each : List.of(left(), right())) {
                run("ip", "netns", "add", each);
                run("ip", "-n", each, "link", "set", "lo", "up");
                for (String setting : TUNING) {
                    run("ip", "netns", "exec", each, "sysctl", "-q", "-w", setting);
                }
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /// Why namespaces cannot be made here; empty when they can.
    public static Optional<String> unavailable() {
        for (String tool : List.of("ip", "sysctl")) {
            if (!isInstalled(tool)) {
                return Optional.of(tool + " is missing; install " + (tool.equals("ip") ? "iproute2" : "procps"));
            }
        }
        if (!Files.isReadable(Path.of("/dev/net/tun"))) {
            return Optional.of("there is no /dev/net/tun; load the kernel's module tun");
        }
        try {
            Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            return user.equals(0) ? Optional.empty() : Optional.of("network namespaces need root; use sudo");
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.of("this system has no /proc");
        }
    }

    /// Whether a program is on the PATH.
    public static boolean isInstalled(String tool) {
        String path = System.getenv().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        return Arrays.stream(path.split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder.isEmpty() ? "." : folder, tool)));
    }

    /// A folder for files, in memory where there is one. It goes when the namespaces do.
    public Path folder() {
        return folder;
    }

    /// The name of the left namespace.
    public String left() {
        return name + "-l";
    }

    /// The name of the right namespace.
    public String right() {
        return name + "-r";
    }

    /// A name for a device of this process.
    ///
    /// @param suffix of at most three characters
    public static String deviceName(String suffix) {
        return "lh" + ProcessHandle.current().pid() % 1_000_000_000 + suffix;
    }

    /// Moves a device of the host to a namespace, and gives it the address of that side.
    ///
    /// @param right whether to the right one
    public void adopt(String device, boolean right, int mtuBytes) throws IOException {
        String to = right ? right() : left();
        run("ip", "link", "set", device, "netns", to);
        run("ip", "-n", to, "link", "set", device, "mtu", String.valueOf(mtuBytes), "txqueuelen", "10000");
        String own = right ? RIGHT_ADDRESS : LEFT_ADDRESS;
        run("ip", "-n", to, "addr", "add", own + "/30", "dev", device);
        run("ip", "-n", to, "link", "set", device, "up");
        devices[right ? 1 : 0] = device;
    }

    /// Joins the namespaces by a pair of virtual Ethernet devices: a path without delay, as fast as the machine.
    public void joinByEthernet(int mtuBytes) throws IOException {
        run("ip", "link", "add", deviceName("vl"), "type", "veth", "peer", "name", deviceName("vr"));
        adopt(deviceName("vl"), false, mtuBytes);
        adopt(deviceName("vr"), true, mtuBytes);
    }

    /// Removes a device from the namespace that it is in, and its other end with it.
    public void removeEthernet() throws IOException {
        run("ip", "-n", left(), "link", "del", deviceName("vl"));
    }

    /// Sets TCP's congestion control for connections that do not choose one, by the route: outside of the first
    /// namespace
    /// the kernel variable takes only those that anybody may use.
    public void congestionControl(String controller) throws IOException {
        for (int i = 0; i < 2; i++) {
            String own = i == 0 ? LEFT_ADDRESS : RIGHT_ADDRESS;
            String to = i == 0 ? left() : right();
            run("ip", "-n", to, "route", "replace", NETWORK, "dev", devices[i], "src", own, "congctl", controller);
        }
    }

    /// Prepares a program to run in a namespace; the caller starts and ends it. It is `ip` that becomes the
    /// program: the
    /// process is the program's own.
    public ProcessBuilder program(boolean right, List<String> command) {
        List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", right ? right() : left()));
        words.addAll(command);
        return new ProcessBuilder(words);
    }

    /// A number that the kernel gives only to who reads all of it at once.
    private static String number(Path file) throws IOException {
        byte[] bytes = new byte[32];
        try (InputStream in = Files.newInputStream(file)) {
            return new String(bytes, 0, Math.max(0, in.read(bytes)), StandardCharsets.US_ASCII).strip();
        }
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(SECONDS_FOR_A_COMMAND, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + " did not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        if (process.exitValue() != 0) {
            @Nullable String first = output.lines().findFirst().orElse("exit status " + process.exitValue());
            throw new IOException(String.join(" ", command) + ": " + first);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            guard.getOutputStream().close();
            guard.waitFor(SECONDS_FOR_A_COMMAND, TimeUnit.SECONDS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
