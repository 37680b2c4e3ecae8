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
package io.longhaul.congestion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// A bottleneck in virtual time: rate, tail-drop queue, propagation, random loss, marks, a policer and black holes,
/// shared
/// by flows that each run a controller with the module's pacer and estimators. Everything it gives is simulated.
///
/// Random loss happens before the queue, as under netem.
public final class LinkModel {
    private static final int HISTOGRAM_STEP_NANOS = 10_000;
    private static final int HISTOGRAM_SLOTS = 200_000;

    final long rttNanos;
    long queueLimitBytes;
    double lossFraction;
    long ceThresholdNanos = Long.MAX_VALUE;
    int ackPackets = 64;
    long ackDelayNanos;

    private double rateBytesPerSecond;
    private double policerBytesPerSecond;
    private double policerDepthBytes;
    private double policerTokens;
    private long policerNanos;
    private long holeFromNanos = Long.MAX_VALUE;
    private long holeToNanos = Long.MAX_VALUE;
    private long busyUntilNanos;
    private long extraDelayNanos;
    private long jitterNanos;
    private final SplittableRandom random;
    private final List<ModelFlow> flows = new ArrayList<>();
    private final int[] histogram = new int[HISTOGRAM_SLOTS];
    private long histogramCount;
    private long nowNanos;

    public LinkModel(double bitsPerSecond, long rttNanos, double queueBdp, long seed) {
        this.rttNanos = rttNanos;
        rateBytesPerSecond = bitsPerSecond / 8;
        queueLimitBytes = Math.max(20_000, (long) (rateBytesPerSecond * rttNanos / 1e9 * queueBdp));
        ackDelayNanos = Math.min(1_000_000, rttNanos / 32);
        random = new SplittableRandom(seed);
    }

    public LinkModel loss(double fraction) {
        lossFraction = fraction;
        return this;
    }

    public LinkModel markAbove(long thresholdNanos) {
        ceThresholdNanos = thresholdNanos;
        return this;
    }

    public LinkModel policer(double bitsPerSecond, double depthBytes) {
        policerBytesPerSecond = bitsPerSecond / 8;
        policerDepthBytes = depthBytes;
        policerTokens = depthBytes;
        return this;
    }

    public LinkModel blackHole(long fromNanos, long toNanos) {
        holeFromNanos = fromNanos;
        holeToNanos = toNanos;
        return this;
    }

    public LinkModel acknowledgeEach(int packets) {
        ackPackets = packets;
        return this;
    }

    public LinkModel jitter(long nanos) {
        jitterNanos = nanos;
        return this;
    }

    public void rate(double bitsPerSecond) {
        rateBytesPerSecond = bitsPerSecond / 8;
    }

    public void extraDelay(long nanos) {
        extraDelayNanos = nanos;
    }

    public ModelFlow add(CongestionController controller, int packetBytes, long startNanos) {
        final ModelFlow flow = new ModelFlow(this, controller, packetBytes, startNanos);
        flows.add(flow);
        return flow;
    }

    public long nowNanos() {
        return nowNanos;
    }

    /// Time that what waits in front of the link needs to leave.
    public long queueNanos() {
        return Math.max(0, busyUntilNanos - nowNanos);
    }

    /// Runs until a time, or until all flows have completed.
    public void runUntil(long endNanos) {
        while (true) {
            ModelFlow next = null;
            long nextNanos = endNanos;
            for (int index = 0; index < flows.size(); index++) { // no iterator: the allocation test counts bytes
                final ModelFlow flow = flows.get(index);
                final long eventNanos = flow.nextEventNanos();
                if (eventNanos < nextNanos) {
                    nextNanos = eventNanos;
                    next = flow;
                }
            }
            if (next == null) {
                nowNanos = endNanos;
                return;
            }
            nowNanos = Math.max(nowNanos, nextNanos);
            next.onEvent(nowNanos);
        }
    }

    /// Runs until a flow has delivered its size; gives the time, or -1 when the limit came first.
    public long runToCompletion(ModelFlow flow, long limitNanos) {
        while (!flow.isComplete() && nowNanos < limitNanos) {
            runUntil(Math.min(limitNanos, nowNanos + 1_000_000));
        }
        return flow.isComplete() ? flow.completedNanos() : -1;
    }

    /// Time at which a packet sent now reaches the receiver, negated and less one when it arrives marked,
    /// {@link Long#MIN_VALUE} when it is lost.
    long transmit(long sendNanos, int bytes) {
        if (isHole(sendNanos)
                || (lossFraction > 0 && random.nextDouble() < lossFraction)
                || isPoliced(sendNanos, bytes)) {
            return Long.MIN_VALUE;
        }
        final long queueNanos = Math.max(0, busyUntilNanos - sendNanos);
        if (queueNanos / 1e9 * rateBytesPerSecond + bytes > queueLimitBytes) {
            return Long.MIN_VALUE;
        }
        histogram[(int) Math.min(HISTOGRAM_SLOTS - 1, queueNanos / HISTOGRAM_STEP_NANOS)]++;
        histogramCount++;
        busyUntilNanos = Math.max(sendNanos, busyUntilNanos) + Math.round(bytes * 1e9 / rateBytesPerSecond);
        final long arrivalNanos = busyUntilNanos + rttNanos / 2 + extraDelayNanos;
        return queueNanos > ceThresholdNanos ? -arrivalNanos - 1 : arrivalNanos;
    }

    /// Delay added to an acknowledgement's way back.
    long returnNanos() {
        return rttNanos - rttNanos / 2 + (jitterNanos == 0 ? 0 : random.nextLong(jitterNanos));
    }

    boolean isHole(long timeNanos) {
        return timeNanos >= holeFromNanos && timeNanos < holeToNanos;
    }

    private boolean isPoliced(long sendNanos, int bytes) {
        if (policerBytesPerSecond == 0) {
            return false;
        }
        policerTokens =
                Math.min(policerDepthBytes, policerTokens + (sendNanos - policerNanos) / 1e9 * policerBytesPerSecond);
        policerNanos = sendNanos;
        if (policerTokens < bytes) {
            return true;
        }
        policerTokens -= bytes;
        return false;
    }

    public void resetQueueStatistics() {
        Arrays.fill(histogram, 0);
        histogramCount = 0;
    }

    /// Queue delay that a share of the packets stayed below.
    public long queueQuantileNanos(double share) {
        long left = (long) (share * histogramCount);
        for (int slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
            left -= histogram[slot];
            if (left < 0) {
                return (long) slot * HISTOGRAM_STEP_NANOS;
            }
        }
        return (long) HISTOGRAM_SLOTS * HISTOGRAM_STEP_NANOS;
    }
}
