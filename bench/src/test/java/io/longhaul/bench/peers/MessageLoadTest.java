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
package io.longhaul.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The loop that times the messages of every transport.
@Timeout(30)
final class MessageLoadTest {
    @Test
    void thoseThatWarmUpDoNotCount() throws Exception {
        MessageLoad load = new MessageLoad(new LoadPlan(100, 5, 7, 0, 10));
        String json = load.run(load::onAnswer);
        assertTrue(json.startsWith("{\"operations\": 7, \"size_bytes\": 100,"), json);
    }

    @Test
    void aLoadThatTakesTooLongEndsWithFewerMessages() throws Exception {
        MessageLoad load = new MessageLoad(new LoadPlan(1, 1, 1_000_000, 0, 0.05));
        String json = load.run(index -> {
            TimeUnit.MILLISECONDS.sleep(5);
            load.onAnswer(index);
        });
        int count = Integer.parseInt(json.replaceAll("\\{\"operations\": ([0-9]+),.*", "$1"));
        assertTrue(count >= 1 && count < 20, json);
    }

    @Test
    void aWarmUpThatTakesTooLongEndsWithItsShareOfTheTime() throws Exception {
        MessageLoad load = new MessageLoad(new LoadPlan(1, 1000, 1000, 0, 0.1));
        String json = load.run(index -> {
            TimeUnit.MILLISECONDS.sleep(20);
            load.onAnswer(index);
        });
        int count = Integer.parseInt(json.replaceAll("\\{\"operations\": ([0-9]+),.*", "$1"));
        assertTrue(count >= 1 && count < 10, json);
    }

    @Test
    void aMessageThatHadToWaitForOthersIsNotExcused() throws Exception {
        // Due every millisecond, and each takes ten: the tenth is about ninety late.
        MessageLoad load = new MessageLoad(new LoadPlan(1, 0, 10, 1000, 10));
        String json = load.run(index -> {
            TimeUnit.MILLISECONDS.sleep(10);
            load.onAnswer(index);
        });
        double max = Double.parseDouble(json.replaceAll(".*\"max\": ([0-9.]+).*", "$1"));
        assertTrue(max >= 85_000, json);
    }

    @Test
    void aConnectionThatEndsEndsTheLoad() {
        MessageLoad load = new MessageLoad(new LoadPlan(1, 0, 10, 0, 10));
        IOException failure = assertThrows(IOException.class, () -> load.run(index -> load.onFailure("gone")));
        assertEquals("gone", failure.getMessage());
    }

    @Test
    void nothingThatArrivesIsNoResult() {
        StreamMeter meter = new StreamMeter();
        assertThrows(IOException.class, () -> meter.measure(0.001, 0.001));
    }

    @Test
    void goodputIsWhatTheReceiverCountedByItsOwnClock() throws Exception {
        StreamMeter meter = new StreamMeter();
        meter.onReport(report(1_000_000_000L, 1000, 0));
        Thread later = Thread.ofVirtual().start(() -> {
            try {
                TimeUnit.MILLISECONDS.sleep(100);
                meter.onReport(report(1_500_000_000L, 501_000, 250_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        String json = meter.measure(0.01, 0.5);
        later.join();
        assertTrue(json.startsWith("{\"bytes\": 500000, \"seconds\": 0.500000, \"goodput_bps\": 8000000,"), json);
    }

    private static ByteBuffer report(long nanos, long bytes, long cpuNanos) {
        return ByteBuffer.allocate(StreamMeter.REPORT_BYTES)
                .putLong(nanos)
                .putLong(bytes)
                .putLong(cpuNanos)
                .flip();
    }
}
