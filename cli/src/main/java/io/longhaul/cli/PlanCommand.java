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

import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.Distance;
import io.longhaul.cli.quantity.Fraction;
import io.longhaul.cli.quantity.TimeSpan;
import io.longhaul.core.wire.DataFlyweight;
import io.longhaul.core.wire.PacketFlyweight;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Computes what a path needs and what each scheme of reliability reaches on it. Sends nothing.
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Compute what a path needs, and what each reliability scheme reaches on it. Sends nothing.")
final class PlanCommand implements Callable<Integer> {
    /// IPv4 and UDP headers, BTH, DETH and ICRC of the software device's packets, bytes.
    private static final int LOWER_BYTES = 20 + 8 + 12 + 8 + 4;

    private static final int[] MTUS = {1500, 4200, 9000};

    @Option(names = "--rate", paramLabel = "RATE", required = true, description = "Rate of the path: 100gbit.")
    BitRate rate = new BitRate(1);

    @Option(names = "--km", paramLabel = "LENGTH", description = "Length of the fibre: 2000km; 5 us per km each way.")
    @Nullable
    Distance distance;

    @Option(names = "--rtt", paramLabel = "TIME", description = "Round trip, instead of --km: 20ms.")
    @Nullable
    TimeSpan rtt;

    @Option(
            names = "--loss",
            paramLabel = "FRACTION",
            description = "Share of packets lost: 1e-4 or 0.01%%. Default: 0.")
    Fraction loss = Fraction.ZERO;

    @Option(names = "--size", paramLabel = "SIZE", description = "What is to be moved: 72TB.")
    @Nullable
    ByteSize size;

    @Mixin
    OutputOptions output = new OutputOptions();

    /// One row of the comparison.
    ///
    /// @param name for people
    /// @param key for programs
    /// @param bitsPerSecond what reaches the application
    private record Scheme(String name, String key, double bitsPerSecond) {}

    @Override
    public Integer call() {
        final Distance length = distance;
        final TimeSpan given = rtt;
        if ((length == null) == (given == null)) {
            throw CommandFailure.usage(
                    "give the path as --km 2000km or as --rtt 20ms" + (length == null ? "" : ", not both"));
        }
        if (loss.value() >= 1) {
            throw CommandFailure.usage(
                    "Invalid value for option '--loss': a path that loses everything carries nothing");
        }
        final long rttNanos = given != null ? given.nanos() : 2 * (length == null ? 0 : length.oneWayNanos());
        final PathArithmetic path = new PathArithmetic(rate.bitsPerSecond(), rttNanos, loss.value());
        final List<Scheme> schemes = schemes(path);
        print(path, schemes);
        output.result(json(path, schemes));
        return ExitStatus.OK;
    }

    private static List<Scheme> schemes(PathArithmetic path) {
        final double link = path.rateBitsPerSecond();
        final double best = link * path.selectiveRepeatShare();
        return List.of(
                new Scheme("RDMA RC (go-back-N), unlimited window", "go_back_n", link * path.goBackNShare()),
                new Scheme("Soft-RoCE RC (go-back-N), 128 packets", "rxe_rc", path.rxeBitsPerSecond()),
                new Scheme("TCP, one connection, 9000-byte packets", "tcp", path.tcpBitsPerSecond()),
                new Scheme("selective repeat, before headers", "selective_repeat", best),
                new Scheme("Longhaul at most, MTU 1500", "longhaul_1500", best * payloadShare(1500)),
                new Scheme("Longhaul at most, MTU 9000", "longhaul_9000", best * payloadShare(9000)));
    }

    /// Application bytes over IP bytes of a full packet that is sealed.
    static double payloadShare(int mtuBytes) {
        final int own = PacketFlyweight.HEADER_BYTES + DataFlyweight.HEADER_BYTES + PacketFlyweight.TAG_BYTES;
        return (double) (mtuBytes - LOWER_BYTES - own) / mtuBytes;
    }

    private void print(PathArithmetic path, List<Scheme> schemes) {
        output.line("Path: " + BitRate.format(path.rateBitsPerSecond()) + ", round trip "
                + TimeSpan.format(path.rttNanos()) + ", loss " + loss);
        output.line("");
        row("in flight to fill it (rate x RTT)", ByteSize.format((long) path.bandwidthDelayBytes()));
        row("packets of 4 KiB in flight", String.format(Locale.ROOT, "%,.0f", path.packetsInFlight(4096)));
        row("window and receive memory (2.25 x rate x RTT)", ByteSize.format((long) path.windowBytes()));
        row("receive queues for a pause of 20 ms", ByteSize.format((long) path.receiveQueueBytes()));
        for (int mtu : MTUS) {
            row("payload share at MTU " + mtu, String.format(Locale.ROOT, "%.2f %%", 100 * payloadShare(mtu)));
        }
        output.line("");
        output.line(String.format(
                Locale.ROOT,
                "%-42s %12s %8s%s",
                "What reaches the application (computed)",
                "rate",
                "of link",
                size == null ? "" : "   time for " + size));
        for (Scheme each : schemes) {
            final String time = size == null
                    ? ""
                    : "   " + TimeSpan.format(1e9 * path.transferSeconds(size.bytes(), each.bitsPerSecond()));
            output.line(String.format(
                    Locale.ROOT,
                    "%-42s %12s %7.2f%%%s",
                    each.name(),
                    BitRate.format(each.bitsPerSecond()),
                    100 * each.bitsPerSecond() / path.rateBitsPerSecond(),
                    time));
        }
    }

    private void row(String name, String value) {
        output.line(String.format(Locale.ROOT, "%-46s %16s", name, value));
    }

    private Json json(PathArithmetic path, List<Scheme> schemes) {
        final List<Json> rows = new ArrayList<>();
        for (Scheme each : schemes) {
            final Json row = new Json()
                    .put("scheme", each.key())
                    .put("goodput_bps", each.bitsPerSecond())
                    .put("share_of_link", each.bitsPerSecond() / path.rateBitsPerSecond());
            if (size != null) {
                row.put("seconds", path.transferSeconds(size.bytes(), each.bitsPerSecond()));
            }
            rows.add(row);
        }
        final Json shares = new Json();
        for (int mtu : MTUS) {
            shares.put(String.valueOf(mtu), payloadShare(mtu));
        }
        final Json json = new Json()
                .put("computed", true)
                .put("link_bps", path.rateBitsPerSecond())
                .put("rtt_ms", path.rttNanos() / 1e6)
                .put("loss", path.lossFraction())
                .put("bdp_bytes", path.bandwidthDelayBytes())
                .put("window_bytes", path.windowBytes())
                .put("receive_queue_bytes", path.receiveQueueBytes())
                .put("payload_share", shares);
        if (size != null) {
            json.put("bytes", size.bytes());
        }
        return json.put("schemes", rows);
    }
}
