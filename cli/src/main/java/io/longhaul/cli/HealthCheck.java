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

import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.linux.Libc;
import io.longhaul.linux.UdpSocket;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.RdmaDevice;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Looks at one machine, by reading what the kernel tells and by trying. Changes nothing.
///
/// Threading: one thread.
final class HealthCheck {
    private static final long WANTED_SOCKET_BYTES = 32 << 20;
    private static final byte[] LOOPBACK = {127, 0, 0, 1};
    private static final long WANTED_FILES = 4096;
    private static final long WANTED_LOCKED_BYTES = 1L << 30;
    private static final long COARSE_CLOCK_NANOS = 10_000;
    private static final Path PROC_NET = Path.of("/proc/sys/net/core");
    private static final Path CPU = Path.of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    private static final Path CLOCK = Path.of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    private static final Path INFINIBAND = Path.of("/sys/class/infiniband");

    private final List<Finding> findings = new ArrayList<>();

    /// How grave a finding is.
    enum Level {
        OK,
        /// It works, but worse than it could.
        WARN,
        /// It cannot work.
        FAIL
    }

    /// What was found.
    ///
    /// @param remedy what to do, empty when there is nothing to do
    record Finding(Level level, String name, String value, String remedy) {}

    /// Looks at everything.
    List<Finding> run() {
        system();
        offloads();
        socketBuffers("rmem_max");
        socketBuffers("wmem_max");
        limits();
        interfaces();
        processors();
        clock();
        devices();
        return List.copyOf(findings);
    }

    private void ok(String name, String value) {
        findings.add(new Finding(Level.OK, name, value, ""));
    }

    private void warn(String name, String value, String remedy) {
        findings.add(new Finding(Level.WARN, name, value, remedy));
    }

    private void fail(String name, String value, String remedy) {
        findings.add(new Finding(Level.FAIL, name, value, remedy));
    }

    private void system() {
        ok("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        final Optional<String> missing = Libc.unavailable();
        if (missing.isPresent()) {
            fail(
                    "system calls",
                    missing.get(),
                    "Longhaul's software device needs 64-bit Linux and a JDK that may call the C library"
                            + " (--enable-native-access=ALL-UNNAMED)");
        } else {
            ok("system calls", "the C library can be called");
        }
    }

    private void offloads() {
        if (Libc.unavailable().isPresent()) {
            return;
        }
        try (Arena arena = Arena.ofConfined();
                UdpSocket socket =
                        new UdpSocket(arena, new Libc.CallState(arena), InetAddress.getByAddress(LOOPBACK), 0)) {
            final boolean segmentation = socket.hasSegmentationOffload();
            final boolean coalescing = socket.enableReceiveOffload();
            if (segmentation && coalescing) {
                ok("UDP offload", "UDP_SEGMENT and UDP_GRO work");
            } else {
                warn(
                        "UDP offload",
                        "UDP_SEGMENT " + (segmentation ? "works" : "is missing") + ", UDP_GRO "
                                + (coalescing ? "works" : "is missing"),
                        "use Linux 5.0 or newer: without both, the software device reaches a tenth of its rate");
            }
        } catch (IOException e) {
            fail(
                    "UDP offload",
                    "no UDP socket can be opened: " + e.getMessage(),
                    "allow this process to open UDP sockets");
        }
    }

    private void socketBuffers(String name) {
        final Optional<Long> bytes = number(read(PROC_NET.resolve(name)));
        if (bytes.isEmpty()) {
            return;
        }
        final String value = ByteSize.format(bytes.get());
        if (bytes.get() < WANTED_SOCKET_BYTES) {
            warn(
                    "net.core." + name,
                    value,
                    "sudo sysctl -w net.core." + name + "=" + WANTED_SOCKET_BYTES
                            + "  (a pause of the process then loses fewer packets)");
        } else {
            ok("net.core." + name, value);
        }
    }

    private void limits() {
        final String all = read(Path.of("/proc/self/limits"));
        limit(all, "Max open files", "open files", WANTED_FILES, "ulimit -n 65536, or LimitNOFILE= of the service");
        if (Files.isDirectory(INFINIBAND)) {
            limit(
                    all,
                    "Max locked memory",
                    "locked memory",
                    WANTED_LOCKED_BYTES,
                    "ulimit -l unlimited, or LimitMEMLOCK=infinity of the service: verbs devices lock what they register");
        }
    }

    private void limit(String all, String row, String name, long wanted, String remedy) {
        final Matcher matcher =
                Pattern.compile(Pattern.quote(row) + "\\s+(\\S+)").matcher(all);
        if (!matcher.find()) {
            return;
        }
        final String soft = matcher.group(1);
        final Optional<Long> value = number(soft);
        if (value.isPresent() && value.get() < wanted) {
            warn(name, soft, remedy);
        } else {
            ok(name, soft);
        }
    }

    private void interfaces() {
        try {
            NetworkInterface.networkInterfaces().forEach(this::networkInterface);
        } catch (SocketException e) {
            warn("network interfaces", String.valueOf(e.getMessage()), "check that the network is configured");
        }
    }

    private void networkInterface(NetworkInterface each) {
        try {
            if (!each.isUp() || each.isLoopback()) {
                return;
            }
            final int mtu = each.getMTU();
            final String name = "MTU of " + each.getName();
            if (mtu < 1280) {
                warn(
                        name,
                        String.valueOf(mtu),
                        "below 1280 bytes many packets are needed; raise it if the path allows");
            } else if (mtu < 9000) {
                warn(
                        name,
                        String.valueOf(mtu),
                        "if every hop of the path carries 9000 bytes: ip link set " + each.getName()
                                + " mtu 9000  (6 % fewer header bytes, a sixth of the packets)");
            } else {
                ok(name, String.valueOf(mtu));
            }
        } catch (SocketException e) {
            return; // it went away meanwhile
        }
    }

    private void processors() {
        final int count = Runtime.getRuntime().availableProcessors();
        if (count < 2) {
            warn("processors", String.valueOf(count), "the engine and the application share one processor; give two");
        } else {
            ok("processors", String.valueOf(count));
        }
        final String governor = read(CPU).strip();
        if (governor.equals("powersave") || governor.equals("ondemand") || governor.equals("conservative")) {
            warn("frequency governor", governor, "cpupower frequency-set -g performance");
        } else if (!governor.isEmpty()) {
            ok("frequency governor", governor);
        }
    }

    private void clock() {
        final String source = read(CLOCK).strip();
        long smallest = Long.MAX_VALUE;
        for (int i = 0; i < 1000; i++) {
            final long first = System.nanoTime();
            long second = System.nanoTime();
            while (second == first) {
                second = System.nanoTime();
            }
            smallest = Math.min(smallest, second - first);
        }
        final String value = smallest + " ns" + (source.isEmpty() ? "" : " (" + source + ")");
        if (smallest > COARSE_CLOCK_NANOS) {
            warn("time resolution", value, "choose a finer clock source, such as tsc or kvm-clock");
        } else {
            ok("time resolution", value);
        }
    }

    private void devices() {
        final List<String> names = new ArrayList<>();
        if (Files.isDirectory(INFINIBAND)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(INFINIBAND)) {
                entries.forEach(each -> names.add(String.valueOf(each.getFileName())));
            } catch (IOException e) {
                names.add("unreadable: " + e.getMessage());
            }
        }
        ok("RDMA devices", names.isEmpty() ? "none; the software device is used" : String.join(", ", names));
        boolean any = false;
        for (DeviceProvider each : DeviceProviders.all()) {
            final DeviceProvider.Availability availability = each.availability();
            any |= availability.available();
            if (!availability.available()) {
                ok(each.kind() + " devices", "not available: " + availability.reason());
            }
            each.deviceNames().forEach(name -> device(each, name));
        }
        if (!any) {
            fail("verbs devices", "none can be opened", "longhaul devices says why");
        }
    }

    private void device(DeviceProvider provider, String name) {
        final String subject = provider.kind() + " device " + name;
        try (RdmaDevice device = provider.open(name)) {
            final PortAttributes port = device.portAttributes();
            final String value =
                    port.state() + ", MTU " + port.mtuBytes() + " B, payload " + port.maxPayloadBytes() + " B";
            if (port.state() != PortAttributes.State.ACTIVE) {
                warn(subject, value, "bring its network interface up: ip link set INTERFACE up");
            } else if (port.gids().stream().noneMatch(PortAttributes.Gid::routable)) {
                warn(subject, value + ", no RoCEv2 address", "give its network interface an IP address");
            } else {
                ok(subject, value);
            }
        } catch (DeviceException e) {
            warn(subject, "cannot be opened", String.valueOf(e.getMessage()));
        }
    }

    private static Optional<Long> number(String text) {
        final String digits = text.strip();
        return digits.matches("[0-9]{1,18}") ? Optional.of(Long.parseLong(digits)) : Optional.empty();
    }

    /// Files of the kernel have no length, and some give everything to the first read or nothing.
    private static String read(Path path) {
        final byte[] bytes = new byte[16 * 1024];
        try (FileInputStream in = new FileInputStream(path.toFile())) {
            final int count = in.read(bytes);
            return new String(bytes, 0, Math.max(0, count), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
