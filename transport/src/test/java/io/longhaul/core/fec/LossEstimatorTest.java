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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LossEstimatorTest {
    @Test
    void startsWithOneInTenThousand() {
        final LossEstimator estimator = new LossEstimator();
        assertEquals(1e-4, estimator.lossFraction(), 1e-12);
        assertEquals(1, estimator.burstPackets());
    }

    @Test
    void comesCloseToWhatThePathLoses() {
        final LossEstimator estimator = new LossEstimator();
        for (int i = 0; i < 100; i++) {
            estimator.onReport(1000, 10, 10);
        }
        assertEquals(0.01, estimator.lossFraction(), 0.0005);
        assertTrue(estimator.cautiousLossFraction() > estimator.lossFraction());
        assertEquals(1, estimator.burstPackets(), 1e-9);
    }

    @Test
    void seesThatLossesComeInBursts() {
        final LossEstimator estimator = new LossEstimator();
        for (int i = 0; i < 20; i++) {
            estimator.onReport(16_000, 16, 1);
        }
        assertEquals(16, estimator.burstPackets(), 0.01);
        assertEquals(0.001, estimator.lossFraction(), 0.0001);
    }

    @Test
    void forgetsAnOldBadTime() {
        final LossEstimator estimator = new LossEstimator();
        estimator.onReport(50_000, 5000, 5000);
        for (int i = 0; i < 1000; i++) {
            estimator.onReport(1000, 0, 0);
        }
        assertTrue(estimator.lossFraction() < 1e-5, "loss " + estimator.lossFraction());
    }

    @Test
    void packetsThatOnlyCameLateAreNotLost() {
        final LossEstimator estimator = new LossEstimator();
        estimator.onReport(1000, 5, 5);
        estimator.onReport(1000, -5, 0);
        assertTrue(estimator.lossFraction() < 1e-4, "loss " + estimator.lossFraction());
    }
}
