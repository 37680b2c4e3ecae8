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
package io.longhaul.verbs.ibv;

import java.time.Duration;

/// The numbers by which the InfiniBand Architecture Specification writes times.
final class TimerCodes {
    private static final long ACK_UNIT_NANOS = 4_096;

    // [code], microseconds: volume 1, table "RNR NAK timer field encoding"; code 0 is the longest.
    private static final int[] RNR_MICROS = {
        655_360, 10, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 960, 1_280, 1_920, 2_560, 3_840, 5_120, 7_680,
        10_240, 15_360, 20_480, 30_720, 40_960, 61_440, 81_920, 122_880, 163_840, 245_760, 327_680, 491_520
    };

    private static final int NANOS_PER_MICRO = 1_000;

    private TimerCodes() {}

    /// The local ACK timeout: 4.096 us x 2^code, rounded up; 0 for a time of 0, which means no limit.
    static int ackTimeout(Duration time) {
        long nanos = time.toNanos();
        int code = 0;
        while (nanos > 0 && (code == 0 || ACK_UNIT_NANOS << code < nanos)) {
            code++;
        }
        return code;
    }

    /// The minimum RNR NAK timer, rounded up to the next step.
    static int rnrTimer(Duration time) {
        long nanos = time.toNanos();
        for (int code = 1; code < RNR_MICROS.length; code++) {
            if ((long) RNR_MICROS[code] * NANOS_PER_MICRO >= nanos) {
                return code;
            }
        }
        return 0;
    }
}
