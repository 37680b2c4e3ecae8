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
package io.longhaul.core.fec;

/// How much a path loses, and in bursts of which length, from what the receiver has counted.
///
/// Counts are forgotten exponentially, a sixteenth for each 4,096 packets, so about the last 65,000 packets count.
/// Before
/// anything is known, one packet in 10,000 counts as lost, with the weight of 1,000 packets.
public final class LossEstimator {
    private static final double PRIOR_PACKETS = 1000;
    private static final double PRIOR_LOST = 0.1;
    private static final double FORGET_AFTER_PACKETS = 4096;
    private static final double KEPT_SHARE = 15.0 / 16;

    private double packets;
    private double lost;
    private double events;
    private double sinceForgotten;

    /// Creates an estimator that knows nothing.
    public LossEstimator() {}

    /// Takes what happened since the last report.
    ///
    /// @param sentPackets packets whose fate is known, 0 and more
    /// @param lostPackets those of them that did not arrive; below 0 when earlier ones arrived late after all
    /// @param lossEvents gaps in the sequence of packets, 0 and more
    public void onReport(long sentPackets, long lostPackets, long lossEvents) {
        double rest = sentPackets;
        while (sinceForgotten + rest >= FORGET_AFTER_PACKETS) {
            final double part = FORGET_AFTER_PACKETS - sinceForgotten;
            add(part, lostPackets * (part / sentPackets), lossEvents * (part / sentPackets));
            rest -= part;
            sinceForgotten = 0;
            packets *= KEPT_SHARE;
            lost *= KEPT_SHARE;
            events *= KEPT_SHARE;
        }
        final double share = sentPackets == 0 ? 1 : rest / sentPackets;
        add(rest, lostPackets * share, lossEvents * share);
        sinceForgotten += rest;
    }

    private void add(double sent, double missing, double gaps) {
        packets += sent;
        lost = Math.max(0, lost + missing);
        events = Math.min(lost, events + gaps);
    }

    /// Best estimate of the share of packets that are lost, 0..1.
    public double lossFraction() {
        return Math.min(1, (lost + PRIOR_LOST) / (packets + PRIOR_PACKETS));
    }

    /// What the share is hardly above: one standard deviation of the count of losses more, 0..1.
    public double cautiousLossFraction() {
        final double counted = lost + PRIOR_LOST;
        return Math.min(1, (counted + Math.sqrt(counted)) / (packets + PRIOR_PACKETS));
    }

    /// Mean number of packets that are lost in a row, 1 and more. Below three gaps nothing is known of bursts.
    public double burstPackets() {
        return events < 3 ? 1 : Math.max(1, lost / events);
    }
}
