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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.LinkModel;
import io.longhaul.congestion.ModelFlow;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A declared rate is used at once, and left when the path objects.
class JumpStartTest {
    private static final double RATE = 1e9;
    private static final long RTT = 20 * BbrFixture.MILLI;
    private static final int PACKET_BYTES = 9000;

    private final LinkModel link = new LinkModel(RATE, RTT, 0.5, 1);

    private ModelFlow flow(double declared) {
        return BbrFixture.flow(link, PACKET_BYTES, RTT, declared, 1);
    }

    @ParameterizedTest
    @CsvSource({"1.5", "2", "4", "10"})
    void retreatsFromARateThatThePathDoesNotCarry(double times) {
        final ModelFlow flow = flow(times * RATE);
        link.runUntil(6 * RTT);
        assertNotEquals("JumpStart", flow.controller().phase(), "left within six round trips");
        final double found = flow.controller().bandwidthBytesPerSecond() * 8 / RATE;
        assertTrue(found > 0.8 && found < 1.1, "the rate at which acknowledgements came: " + found);
        final double share = BbrFixture.share(link, flow, RATE, 50 * RTT);
        assertTrue(share > 0.9, "and the path stays full: " + share);
    }

    @ParameterizedTest
    @CsvSource({"0.25", "0.5", "1"})
    void keepsARateThatThePathCarries(double times) {
        final ModelFlow flow = flow(times * RATE);
        link.runUntil(RTT);
        assertEquals(times * RATE / 8, flow.controller().pacingRateBytesPerSecond(), 0.01 * times * RATE / 8);
        assertEquals("JumpStart", flow.controller().phase());
        link.runUntil(8 * RTT);
        assertNotEquals("JumpStart", flow.controller().phase(), "validated");
    }
}
