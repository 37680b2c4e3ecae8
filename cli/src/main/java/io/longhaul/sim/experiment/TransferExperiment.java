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
package io.longhaul.sim.experiment;

import io.longhaul.cli.account.SenderAccount;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.sim.Line;
import io.longhaul.sim.Transport;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// Moves the same number of bytes again and again, one transfer at a time over an idle path.
///
/// Warm transfers follow each other on one connection that knows the path; cold ones have a connection each, which
/// knows
/// nothing.
public final class TransferExperiment {
    /// Longest request or answer of an exchange, bytes.
    public static final long MAX_MESSAGE_BYTES = LonghaulTransport.MAX_SINGLE_BYTES;

    /// How much longer than ideal a transfer may take before it counts as stalled: a factor and nanoseconds.
    private static final int STALL_FACTOR = 1000;

    private static final long STALL_NANOS = 60_000_000_000L;
    private static final int IDLE_ROUND_TRIPS = 2;
    private static final double NANOS = 1e9;

    private final PathSettings path;
    private final FlowSettings flow;
    private final BiFunction<String, Long, CongestionControllerFactory> controllers;
    private final long bytes;
    private final long answerBytes;
    private final int runs;

    private final double[] seconds; // [run]
    private long retransmittedBytes;
    private long parityBytes;
    private long sentBytes;
    private long spuriousPackets;
    private long sentPackets;
    private long traceHash = 1;
    private @Nullable SenderAccount account;
    private int payloadBytes;
    private int ipBytes;
    private long seed;

    /// Prepares.
    ///
    /// @param bytes of each transfer, 1 and more
    /// @param runs number of transfers, 1 and more
    public TransferExperiment(
            PathSettings path,
            FlowSettings flow,
            BiFunction<String, Long, CongestionControllerFactory> controllers,
            long bytes,
            int runs) {
        this(path, flow, controllers, bytes, 0, runs);
    }

    /// Prepares transfers that are answered.
    ///
    /// @param bytes of each request, 1 and more
    /// @param answerBytes of each answer, which ends the exchange; 0 for none: then the acknowledgement ends the
    /// transfer
    /// @param runs number of exchanges, 1 and more
    public TransferExperiment(
            PathSettings path,
            FlowSettings flow,
            BiFunction<String, Long, CongestionControllerFactory> controllers,
            long bytes,
            long answerBytes,
            int runs) {
        if (bytes < 1 || runs < 1 || answerBytes < 0) {
            throw new IllegalArgumentException("a transfer needs at least a byte, and there must be at least one");
        }
        this.answerBytes = answerBytes;
        this.path = path;
        this.flow = flow;
        this.controllers = controllers;
        this.bytes = bytes;
        this.runs = runs;
        seconds = new double[runs];
        seed = path.seed;
    }

    /// Runs all transfers.
    ///
    /// @param progress is told how many are done
    /// @throws IllegalStateException when one stalls, fails or delivers a wrong byte
    public TransferExperiment run(IntConsumer progress) {
        int done = 0;
        final long first = path.seed;
        try {
            while (done < runs) {
                final int count = flow.warm() ? runs : 1;
                runOn(done, count, progress);
                done += count;
                path.seed++;
            }
        } finally {
            path.seed = first;
        }
        return this;
    }

    private void runOn(int from, int count, IntConsumer progress) {
        seed = path.seed;
        try (Network network = new Network(path, List.of(flow), controllers, Math.max(bytes, answerBytes))) {
            final Transport transport = network.flows().getFirst();
            payloadBytes = transport.payloadBytesPerPacket();
            ipBytes = transport.ipBytesPerPacket();
            final long limit = (long) (STALL_FACTOR * idealSeconds() * NANOS) + STALL_NANOS;
            for (int i = from; i < from + count; i++) {
                final long startNanos = network.timeline().nowNanos();
                final SenderAccount before = transport.account();
                if (answerBytes > 0) {
                    transport.startExchange(bytes, answerBytes);
                } else {
                    transport.startTransfer(bytes);
                }
                final boolean ended = network.timeline()
                        .runUntil(
                                () -> transport.isDone() || !transport.failure().isEmpty(), limit);
                check(transport, ended, i);
                seconds[i] = (network.timeline().nowNanos() - startNanos) / NANOS;
                count(before, transport.account());
                progress.accept(i + 1);
                network.timeline().runFor(IDLE_ROUND_TRIPS * path.rttNanos);
            }
            transport.verify();
            retransmittedBytes += transport.retransmittedBytes();
            parityBytes += transport.parityBytes();
            sentBytes += transport.sentBytes();
            spuriousPackets += transport.spuriousPackets();
            sentPackets += transport.sentPackets();
            traceHash = traceHash * 31 + transport.traceHash();
        }
    }

    // What lies between two transfers does not count.
    private void count(@Nullable SenderAccount before, @Nullable SenderAccount after) {
        if (before != null && after != null) {
            final SenderAccount one = after.since(before);
            account = account == null ? one : account.plus(one);
        }
    }

    /// What was counted as a sender during the transfers; null for a model.
    public @Nullable SenderAccount account() {
        return account;
    }

    private void check(Transport transport, boolean ended, int run) {
        if (!transport.failure().isEmpty()) {
            throw new IllegalStateException(
                    "transfer " + (run + 1) + " (seed " + seed + ") failed: " + transport.failure());
        }
        if (!ended) {
            throw new IllegalStateException("transfer " + (run + 1) + " (seed " + seed + ") has stalled");
        }
    }

    /// Application bytes over all bytes of a full packet on the line.
    public double payloadShare() {
        return (double) payloadBytes / (ipBytes + Line.ETHERNET_BYTES);
    }

    /// Least time of a transfer: a round trip, and its bytes, and those of the answer, with all headers at the rate
    /// of
    /// the line.
    public double idealSeconds() {
        return path.rttNanos / NANOS + (wireBytes(bytes) + wireBytes(answerBytes)) * 8 / path.rateBitsPerSecond;
    }

    private double wireBytes(long payload) {
        final long packets = (payload + payloadBytes - 1) / payloadBytes;
        return payload + (double) packets * (ipBytes + Line.ETHERNET_BYTES - payloadBytes);
    }

    /// Completion times over the ideal, in ascending order.
    public double[] completionRatios() {
        final double ideal = idealSeconds();
        return Arrays.stream(seconds).map(each -> each / ideal).sorted().toArray();
    }

    /// Completion times in the order of the runs, seconds.
    public double[] seconds() {
        return seconds.clone();
    }

    /// (bytes / (rate x payload share)) / (seconds - round trip), over all runs.
    public double efficiency() {
        final double busy = Arrays.stream(seconds).sum() - runs * path.rttNanos / NANOS;
        return runs * ((bytes + answerBytes) * 8 / (path.rateBitsPerSecond * payloadShare())) / busy;
    }

    /// Application bytes per second of transfer, bits.
    public double goodputBitsPerSecond() {
        return runs * (bytes + answerBytes) * 8.0 / Arrays.stream(seconds).sum();
    }

    /// Bytes sent again over bytes sent first.
    public double retransmittedFraction() {
        return (double) retransmittedBytes / Math.max(1, sentBytes);
    }

    /// Bytes of parity over bytes sent first.
    public double parityFraction() {
        return (double) parityBytes / Math.max(1, sentBytes);
    }

    /// Packets sent again needlessly over packets sent.
    public double spuriousFraction() {
        return (double) spuriousPackets / Math.max(1, sentPackets);
    }

    /// Hash over everything that was sent.
    public long traceHash() {
        return traceHash;
    }

    /// Value that a share of the sorted values does not exceed.
    public static double quantile(double[] sorted, double fraction) {
        return sorted[
                (int) Math.min(
                        sorted.length - 1,
                        Math.ceil(fraction * sorted.length) - 1 < 0
                                ? 0
                                : (long) Math.ceil(fraction * sorted.length) - 1)];
    }
}
