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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class DeadlineHeapTest {
    private static ConnectionDriver driver() {
        return new ConnectionDriver(null, null, null, new RemoteLane[0], null);
    }

    @Test
    @Tag("fault-48")
    void ordersByDifferenceAcrossTheOverflow() {
        final DeadlineHeap heap = new DeadlineHeap();
        final ConnectionDriver late = driver();
        final ConnectionDriver early = driver();
        heap.schedule(late, Long.MIN_VALUE + 5);
        heap.schedule(early, Long.MAX_VALUE - 5);
        assertSame(early, heap.earliest());
    }

    @Test
    void agreesWithASortedListUnderRandomChanges() {
        final SplittableRandom random = new SplittableRandom(3);
        final DeadlineHeap heap = new DeadlineHeap();
        final List<ConnectionDriver> inside = new ArrayList<>();
        final List<ConnectionDriver> outside = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            outside.add(driver());
        }
        for (int step = 0; step < 50_000; step++) {
            final int choice = random.nextInt(3);
            if (choice == 0 && !outside.isEmpty()) {
                final ConnectionDriver driver = outside.remove(random.nextInt(outside.size()));
                heap.schedule(driver, random.nextInt(1000));
                inside.add(driver);
            } else if (choice == 1 && !inside.isEmpty()) {
                heap.schedule(inside.get(random.nextInt(inside.size())), random.nextInt(1000));
            } else if (!inside.isEmpty()) {
                final ConnectionDriver driver =
                        random.nextBoolean() ? heap.earliest() : inside.get(random.nextInt(inside.size()));
                heap.remove(driver);
                heap.remove(driver);
                inside.remove(driver);
                outside.add(driver);
            }
            assertEquals(inside.size(), heap.size());
            if (!inside.isEmpty()) {
                final long least =
                        inside.stream().mapToLong(d -> d.deadlineNanos).min().orElseThrow();
                assertEquals(least, heap.earliestNanos());
            }
        }
    }
}
