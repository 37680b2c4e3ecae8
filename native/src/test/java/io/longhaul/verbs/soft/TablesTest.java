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
package io.longhaul.verbs.soft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// [KeyTable] and [DelayLine] against simple models.
class TablesTest {
    @Test
    void keyTableDoesWhatAMapDoes() {
        SplittableRandom random = new SplittableRandom(3);
        KeyTable<String> table = new KeyTable<>();
        Map<Integer, String> model = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            int key = random.nextInt(2000) * (1 << 20);
            if (model.containsKey(key)) {
                assertEquals(model.get(key), table.get(key));
                if (random.nextInt(3) == 0) {
                    model.remove(key);
                    table.remove(key);
                }
            } else {
                assertEquals(null, table.get(key));
                table.remove(key);
                if (random.nextBoolean()) {
                    model.put(key, "value " + i);
                    table.put(key, "value " + i);
                }
            }
        }
        model.forEach((key, value) -> assertEquals(value, table.get(key)));
    }

    private record Item(long nanos, long order, int bytes, byte content) {}

    @Test
    void delayLineReturnsPacketsByTimeThenByEntry() {
        SplittableRandom random = new SplittableRandom(4);
        DelayLine line = new DelayLine(Arena.ofAuto(), 100_000);
        PriorityQueue<Item> model =
                new PriorityQueue<>(Comparator.comparingLong(Item::nanos).thenComparingLong(Item::order));
        long order = 0;
        long now = -1000;
        int refused = 0;
        for (int i = 0; i < 200_000; i++) {
            now++;
            if (random.nextInt(5) < 3) {
                int bytes = 16 + random.nextInt(2000);
                long at = now + random.nextInt(50);
                byte content = (byte) i;
                long entry = line.append(at, bytes, 1, 2, 16);
                if (entry < 0) {
                    refused++;
                } else {
                    line.ring().asSlice(entry + DelayLine.PACKET_OFFSET, bytes).fill(content);
                    model.add(new Item(at, order++, bytes, content));
                }
            } else if (!model.isEmpty()) {
                takeAndCompare(line, model);
            }
            assertEquals(model.size(), line.size());
        }
        while (!model.isEmpty()) {
            takeAndCompare(line, model);
        }
        assertTrue(refused > 100, "the ring was never full");
        assertTrue(line.append(0, 90_000, 0, 0, 16) >= 0, "room was lost");
    }

    private static void takeAndCompare(DelayLine line, PriorityQueue<Item> model) {
        Item item = model.remove();
        long entry = line.next();
        assertEquals(item.nanos, line.nextNanos());
        assertEquals(item.bytes, line.packetBytes(entry));
        byte[] content =
                line.ring().asSlice(entry + DelayLine.PACKET_OFFSET, item.bytes).toArray(ValueLayout.JAVA_BYTE);
        for (byte b : content) {
            assertEquals(item.content, b);
        }
        line.pop();
        line.free(entry);
    }

    @Test
    void packetPutBackKeepsItsPlace() {
        DelayLine line = new DelayLine(Arena.ofAuto(), 100_000);
        List<Long> entries = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            entries.add(line.append(10, 100, 0, 0, 16));
        }
        long order = line.nextOrder();
        long first = line.next();
        line.pop();
        line.push(10, order, first);
        for (long entry : entries) {
            assertEquals(entry, line.next());
            line.pop();
        }
    }
}
