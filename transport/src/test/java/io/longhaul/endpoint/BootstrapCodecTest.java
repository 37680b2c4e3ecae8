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
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.core.EngineConfig;
import io.longhaul.endpoint.BootstrapMessage.Announcement;
import io.longhaul.endpoint.BootstrapMessage.PlacementOffer;
import io.longhaul.endpoint.BootstrapMessage.Refusal;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootstrapCodecTest {
    static Announcement announcement(boolean answer) {
        return new Announcement(
                answer,
                0x1122334455667788L,
                42,
                0,
                20_000_000,
                8932,
                new EngineConfig.PeerLimits(1 << 20, 1 << 26, 1 << 20, 1 << 14, 128),
                "192.0.2.7",
                List.of(new LaneAddress(0xabcdef, 0x7fffffff, 40_001), new LaneAddress(17, -1, 65_535)),
                answer ? new PlacementOffer(4096, false, true, List.of(new LaneAddress(9, 0xffffff, 4791))) : null);
    }

    private static BootstrapMessage decode(ByteBuffer bytes) {
        assertTrue(BootstrapCodec.isMagic(bytes));
        final BootstrapCodec.Header header = BootstrapCodec.header(bytes);
        return BootstrapCodec.decode(header, bytes.slice(BootstrapCodec.HEADER_BYTES, header.bodyBytes()));
    }

    @Test
    void readsWhatItWrote() {
        assertEquals(announcement(false), decode(BootstrapCodec.encode(announcement(false))));
        assertEquals(announcement(true), decode(BootstrapCodec.encode(announcement(true))));
        final Refusal refusal = new Refusal(Refusal.REFUSED_LIMIT, "no room, überall");
        assertEquals(refusal, decode(BootstrapCodec.encode(refusal)));
    }

    @Test
    void beginsWithMagicVersionAndType() {
        final ByteBuffer bytes = BootstrapCodec.encode(announcement(false));
        assertEquals(0x4C48554C, bytes.getInt(0));
        assertEquals(BootstrapCodec.VERSION, bytes.getShort(4));
        assertEquals(1, bytes.get(6));
        assertEquals(bytes.limit() - 12, bytes.getInt(8));
    }

    @Test
    void carriesIpv6() {
        final Announcement v4 = announcement(false);
        final Announcement v6 =
                new Announcement(false, 1, 2, 3, 4, 512, v4.limits(), "2001:db8:0:0:0:0:0:1", v4.lanes(), null);
        assertEquals(v6, decode(BootstrapCodec.encode(v6)));
    }

    @Test
    void refusesEveryTruncation() {
        for (final BootstrapMessage message : List.of(announcement(true), new Refusal(1, "text"))) {
            final ByteBuffer bytes = BootstrapCodec.encode(message);
            final BootstrapCodec.Header header = BootstrapCodec.header(bytes);
            for (int length = 0; length < header.bodyBytes(); length++) {
                final ByteBuffer body = bytes.slice(BootstrapCodec.HEADER_BYTES, length);
                final ConnectionException refused =
                        assertThrows(ConnectionException.class, () -> BootstrapCodec.decode(header, body));
                assertEquals(Reason.PROTOCOL_VIOLATION, refused.reason());
            }
        }
    }

    @Test
    @Tag("fault-70")
    @Tag("fault-72")
    void ignoresFieldsOfTheFuture() {
        final ByteBuffer bytes = BootstrapCodec.encode(announcement(false));
        final ByteBuffer longer =
                ByteBuffer.allocate(bytes.limit() + 9).put(bytes.slice()).rewind();
        longer.putInt(8, longer.capacity() - BootstrapCodec.HEADER_BYTES);
        assertEquals(announcement(false), decode(longer));
    }

    @ParameterizedTest
    @CsvSource({"-1", "65525", "2147483647"})
    void refusesOversizedBodiesBeforeTheyAreRead(int bodyBytes) {
        final ByteBuffer bytes = BootstrapCodec.encode(announcement(false)).putInt(8, bodyBytes);
        assertEquals(
                Reason.PROTOCOL_VIOLATION,
                assertThrows(ConnectionException.class, () -> BootstrapCodec.header(bytes))
                        .reason());
    }

    @Test
    void randomBytesNeverThrowAnythingElse() {
        final SplittableRandom random = new SplittableRandom(7);
        final ByteBuffer valid = BootstrapCodec.encode(announcement(true));
        for (int i = 0; i < 20_000; i++) {
            final byte[] bytes = new byte[valid.limit()];
            valid.get(0, bytes);
            for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
                bytes[random.nextInt(4, bytes.length)] = (byte) random.nextInt();
            }
            final ByteBuffer mutated = ByteBuffer.wrap(bytes);
            try {
                final BootstrapCodec.Header header = BootstrapCodec.header(mutated);
                final int available = Math.min(header.bodyBytes(), bytes.length - BootstrapCodec.HEADER_BYTES);
                BootstrapCodec.decode(header, mutated.slice(BootstrapCodec.HEADER_BYTES, available));
            } catch (ConnectionException e) {
                assertEquals(Reason.PROTOCOL_VIOLATION, e.reason());
            }
        }
    }

    @Test
    void aRefusalCarriesNoControlCharacters() {
        final Refusal refusal = (Refusal) decode(BootstrapCodec.encode(new Refusal(5, "a\u001b[31mb\nc")));
        assertEquals("a [31mb c", refusal.text());
    }

    @Test
    void aLongRefusalIsCut() {
        final Refusal refusal = (Refusal) decode(BootstrapCodec.encode(new Refusal(5, "x".repeat(5000))));
        assertEquals(BootstrapCodec.MAX_TEXT_BYTES, refusal.text().length());
        assertFalse(refusal.text().isEmpty());
    }
}
