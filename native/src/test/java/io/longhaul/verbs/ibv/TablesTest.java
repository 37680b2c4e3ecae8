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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Small tables of the ibv device.
class TablesTest {
    @Test
    void setOfAddressesAnswersAsASetDoes() {
        long seed = 0x5eed;
        SplittableRandom random = new SplittableRandom(seed);
        AddressSet set = new AddressSet();
        Set<Long> model = new HashSet<>();
        for (int i = 0; i < 5_000; i++) {
            long address = random.nextLong(1, 400) * 64;
            if (random.nextInt(3) == 0) {
                set.remove(address);
                model.remove(address);
            } else {
                set.add(address);
                model.add(address);
            }
            long probe = random.nextLong(0, 400) * 64;
            assertEquals(model.contains(probe), set.contains(probe), "step " + i + " of seed " + seed);
        }
    }

    @Test
    @Timeout(30)
    void whatStaysInASetIsFoundWhileAnotherThreadChangesIt() throws InterruptedException {
        AddressSet set = new AddressSet();
        long lasting = 64;
        set.add(lasting);
        Thread changer = new Thread(() -> {
            for (int round = 0; round < 200; round++) {
                for (long address = 128; address < 64_000; address += 64) {
                    set.add(address);
                }
                for (long address = 128; address < 64_000; address += 64) {
                    set.remove(address);
                }
            }
        });
        changer.start();
        long looks = 0;
        long misses = 0;
        while (changer.isAlive()) {
            looks++;
            misses += set.contains(lasting) ? 0 : 1;
        }
        changer.join();
        assertEquals(0, misses, "of " + looks + " looks");
    }

    @Test
    void timesAreRoundedUpToTheirCodes() {
        assertEquals(0, TimerCodes.ackTimeout(Duration.ZERO));
        assertEquals(1, TimerCodes.ackTimeout(Duration.ofNanos(1)));
        assertEquals(1, TimerCodes.ackTimeout(Duration.ofNanos(8_192)));
        assertEquals(2, TimerCodes.ackTimeout(Duration.ofNanos(8_193)));
        assertEquals(14, TimerCodes.ackTimeout(Duration.ofMillis(67)));
        assertEquals(31, TimerCodes.ackTimeout(Duration.ofNanos(4_096L << 31)));
        assertEquals(1, TimerCodes.rnrTimer(Duration.ZERO));
        assertEquals(12, TimerCodes.rnrTimer(Duration.ofNanos(640_000)));
        assertEquals(13, TimerCodes.rnrTimer(Duration.ofNanos(640_001)));
        assertEquals(31, TimerCodes.rnrTimer(Duration.ofMillis(491)));
        assertEquals(0, TimerCodes.rnrTimer(Duration.ofMillis(500)));
    }

    @Test
    void pathMtusHaveTheirCodes() {
        int[] bytes = {256, 512, 1024, 2048, 4096};
        for (int i = 0; i < bytes.length; i++) {
            assertEquals(i + 1, DevicePort.mtuCode(bytes[i]));
        }
        for (int wrong : new int[] {0, -256, 128, 1500, 8192, Integer.MIN_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> DevicePort.mtuCode(wrong));
        }
    }
}
