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
package io.longhaul.congestion.bbr;

import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.LinkModel;
import io.longhaul.congestion.ModelFlow;

/// Paths and flows of the tests of this package.
final class BbrFixture {
    static final long MILLI = 1_000_000L;
    static final long SECOND = 1_000_000_000L;
    static final long GIB = 1L << 30;

    private BbrFixture() {}

    static CongestionConfig config(int packetBytes, long rttNanos, double hintBitsPerSecond) {
        return new CongestionConfig(packetBytes, rttNanos, (long) (hintBitsPerSecond / 8), 8L << 30, 32);
    }

    static ModelFlow flow(LinkModel link, int packetBytes, long rttNanos) {
        return flow(link, packetBytes, rttNanos, 0, 1);
    }

    static ModelFlow flow(LinkModel link, int packetBytes, long rttNanos, double hintBitsPerSecond, long seed) {
        return link.add(
                new BbrController(config(packetBytes, rttNanos, hintBitsPerSecond), seed),
                packetBytes,
                link.nowNanos());
    }

    /// Share of a rate that a flow delivers from now on for a time.
    static double share(LinkModel link, ModelFlow flow, double bitsPerSecond, long nanos) {
        flow.mark();
        link.resetQueueStatistics();
        link.runUntil(link.nowNanos() + nanos);
        return flow.bitsPerSecondSinceMark() / bitsPerSecond;
    }
}
