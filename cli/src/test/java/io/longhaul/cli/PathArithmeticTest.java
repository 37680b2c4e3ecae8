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

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathArithmeticTest {
    private static final long GBIT = 1_000_000_000L;
    private static final long MS = 1_000_000L;

    /// Worked numbers: (1 - p) / (1 + (N - 1) p) with N packets of 4 KiB in a round trip.
    @ParameterizedTest
    @CsvSource({
        "100,10,1e-6,0.970", "100,10,1e-5,0.766", "100,10,1e-4,0.247", "100,10,1e-3,0.0317", "100,20,1e-6,0.942",
        "100,20,1e-5,0.621", "100,20,1e-4,0.141", "100,20,1e-3,0.0161", "100,20,1e-2,0.0016", "100,100,1e-4,0.0317",
        "10,20,1e-4,0.621", "10,20,1e-3,0.141"
    })
    void goBackNCollapses(long gbit, long rttMillis, double loss, double share) {
        final double computed = new PathArithmetic(gbit * GBIT, rttMillis * MS, loss).goBackNShare();
        assertEquals(share, computed, share * 0.02);
    }

    @Test
    void fillingAPathNeedsRateTimesRoundTrip() {
        final PathArithmetic path = new PathArithmetic(100 * GBIT, 20 * MS, 0);
        assertEquals(250e6, path.bandwidthDelayBytes(), 1);
        assertEquals(562.5e6, path.windowBytes(), 1);
        assertEquals(61_035, path.packetsInFlight(4096), 1);
        assertEquals(250e6, path.receiveQueueBytes(), 1);
    }

    /// 128 x 4096 bytes in 10, 20, 50, 100 ms: 0.42, 0.21, 0.084, 0.042 Gb/s.
    @ParameterizedTest
    @CsvSource({"10,0.42e9", "20,0.21e9", "50,0.084e9", "100,0.042e9"})
    void softRoceIsLimitedByItsWindow(long rttMillis, double bitsPerSecond) {
        assertEquals(
                bitsPerSecond,
                new PathArithmetic(100 * GBIT, rttMillis * MS, 0).rxeBitsPerSecond(),
                bitsPerSecond * 0.01);
    }

    /// One TCP connection, 9000-byte packets, 20 and 100 ms.
    @ParameterizedTest
    @CsvSource({
        "20,1e-5,1.4e9",
        "20,1e-4,0.44e9",
        "20,1e-3,0.14e9",
        "20,1e-2,0.044e9",
        "100,1e-5,0.75e9",
        "100,1e-4,0.13e9"
    })
    void tcpIsLimitedByLoss(long rttMillis, double loss, double bitsPerSecond) {
        assertEquals(
                bitsPerSecond,
                new PathArithmetic(100 * GBIT, rttMillis * MS, loss).tcpBitsPerSecond(),
                bitsPerSecond * 0.04);
    }

    @Test
    void seventyTwoTerabytesTakeAnHourAndThirtySixMinutes() {
        final PathArithmetic path = new PathArithmetic(100 * GBIT, 10 * MS, 0);
        assertEquals(5760.01, path.transferSeconds(72e12, 100e9), 0.001);
    }

    @Test
    void aPathWithoutLengthOrLossKeepsEverything() {
        final PathArithmetic path = new PathArithmetic(GBIT, 0, 0);
        assertEquals(1, path.goBackNShare());
        assertEquals(GBIT, path.rxeBitsPerSecond());
        assertEquals(GBIT, path.tcpBitsPerSecond());
    }

    /// 88 bytes of headers and tags: 20 IPv4, 8 UDP, 12 BTH, 8 DETH, 20 packet, 12 frame, 4 CRC32C, 4 ICRC.
    @Test
    void payloadShareCountsEveryHeader() {
        assertEquals(1400.0 / 1500, PlanCommand.payloadShare(1500));
        assertEquals(8900.0 / 9000, PlanCommand.payloadShare(9000));
    }
}
