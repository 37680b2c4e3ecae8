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
package io.longhaul.cli.account;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longhaul.ConnectionStatistics.Limit;
import io.longhaul.ConnectionStatistics.ResendCause;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SenderAccountTest {
    private static final SenderAccount ONE = new SenderAccount(
            Map.of(Limit.CONGESTION_WINDOW, 610L, Limit.PACER, 300L, Limit.APPLICATION, 89L, Limit.CREDIT, 1L),
            Map.of(ResendCause.PACKET_THRESHOLD, 900L, ResendCause.TAIL_PROBE, 100L),
            50,
            7);

    @Test
    void saysInALineWhatHeldTheSenderBack() {
        assertEquals(
                List.of(
                        "held back by: congestion window 61 %, pacer 30 %, application 9 %",
                        "sent again because of: packet threshold 90 %, tail probe 10 %; needlessly 5.0 %"),
                ONE.lines());
        assertEquals(List.of("held back by: nothing"), SenderAccount.none().lines());
    }

    @Test
    void sharesSumUpToOne() {
        double sum = 0;
        for (Limit each : Limit.values()) {
            sum += ONE.share(each);
        }
        assertEquals(1, sum, 1e-12);
        assertEquals(0, SenderAccount.none().share(Limit.PACER));
    }

    @Test
    void addsAndSubtracts() {
        final SenderAccount both = ONE.plus(ONE);
        assertEquals(2000, both.retransmittedBytes());
        assertEquals(ONE, both.since(ONE));
        assertEquals(SenderAccount.none(), ONE.since(ONE));
    }
}
