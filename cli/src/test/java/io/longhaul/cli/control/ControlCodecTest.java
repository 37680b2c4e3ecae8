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
package io.longhaul.cli.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionStatistics;
import io.longhaul.cli.account.SenderAccount;
import io.longhaul.cli.control.ControlMessage.FileStamp;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ControlCodecTest {
    private static final FileStamp STAMP = new FileStamp(5L << 30, 1_700_000_000L, 123_456_789, 0644);

    private static final SenderAccount ACCOUNT = new SenderAccount(
            java.util.Map.of(ConnectionStatistics.Limit.PACER, 5L),
            java.util.Map.of(ConnectionStatistics.ResendCause.TAIL_PROBE, 6L),
            7,
            8);

    private static final List<ControlMessage> ALL = List.of(
            new ControlMessage.Put("a/ü.bin", "ü.bin", STAMP, 64 << 20),
            new ControlMessage.Get("x"),
            new ControlMessage.Source(new FileStamp(0, -1, 0, -1)),
            new ControlMessage.Pattern(-7, 1L << 40, 1 << 20),
            new ControlMessage.Window("longhaul.window.1", 8 << 20, 16, 12345),
            new ControlMessage.Prefix(Digest.of(new byte[32])),
            new ControlMessage.Start(12345),
            new ControlMessage.Credit(99),
            new ControlMessage.Finish(new Digest("01020304")),
            new ControlMessage.Committed(Digest.of(new byte[32])),
            new ControlMessage.Summary(ACCOUNT),
            new ControlMessage.Ping(),
            new ControlMessage.Refusal(RefusalCode.NO_SPACE, "the disk is full"),
            new ControlMessage.PerfOpen(1, 1 << 20, 50, 42),
            new ControlMessage.PerfReady("r"),
            new ControlMessage.PerfMark(),
            new ControlMessage.PerfMarked(1, 2, 3, ACCOUNT),
            new ControlMessage.PerfVerify(4096),
            new ControlMessage.PerfDigest(-1),
            new ControlMessage.PerfClose());

    @Test
    void readsWhatItWrites() throws RefusalException {
        for (ControlMessage each : ALL) {
            final byte[] bytes = ControlCodec.encode(each);
            final ControlMessage read = ControlCodec.decode(ByteBuffer.wrap(bytes));
            assertEquals(each, read);
        }
    }

    @Test
    void knowsTheBytesOfAMessage() {
        final byte[] expected = {'L', 'H', 'C', 'T', 'L', 2, 0, 1, 0, 1, 'x'};
        assertTrue(Arrays.equals(expected, ControlCodec.encode(new ControlMessage.Get("x"))));
    }

    @Test
    void refusesEveryTruncationAndEveryExtraByte() {
        for (ControlMessage each : ALL) {
            final byte[] bytes = ControlCodec.encode(each);
            for (int length = 0; length < bytes.length; length++) {
                assertEquals(
                        RefusalCode.BAD_REQUEST,
                        refusal(Arrays.copyOf(bytes, length)).code());
            }
            assertEquals(
                    RefusalCode.BAD_REQUEST,
                    refusal(Arrays.copyOf(bytes, bytes.length + 1)).code());
        }
    }

    @Test
    void refusesAnotherVersionByName() {
        final byte[] bytes = ControlCodec.encode(new ControlMessage.PerfMark());
        bytes[5] = 1;
        final RefusalException e = refusal(bytes);
        assertEquals(RefusalCode.OTHER_VERSION, e.code());
        assertTrue(String.valueOf(e.getMessage()).contains("version 1"), e.getMessage());
    }

    @Test
    void garbageIsRefusedAndNeverThrowsAnythingElse() {
        final SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 200_000; i++) {
            final byte[] bytes = ControlCodec.encode(ALL.get(random.nextInt(ALL.size())));
            for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
                bytes[random.nextInt(6, bytes.length)] = (byte) random.nextInt();
            }
            try {
                ControlCodec.decode(ByteBuffer.wrap(bytes));
            } catch (RefusalException e) {
                assertEquals(RefusalCode.BAD_REQUEST, e.code());
            }
        }
    }

    @Test
    void refusesValuesOutOfRange() {
        final byte[] negativeSize = ControlCodec.encode(new ControlMessage.Source(new FileStamp(-1, 0, 0, 0)));
        assertEquals(RefusalCode.BAD_REQUEST, refusal(negativeSize).code());
        final byte[] setUserId = ControlCodec.encode(new ControlMessage.Source(new FileStamp(1, 0, 0, 04755)));
        assertEquals(RefusalCode.BAD_REQUEST, refusal(setUserId).code());
        final byte[] nanos = ControlCodec.encode(new ControlMessage.Source(new FileStamp(1, 0, 1_000_000_000, 0)));
        assertEquals(RefusalCode.BAD_REQUEST, refusal(nanos).code());
    }

    @Test
    void whatAPeerSaysCannotSteerATerminal() throws RefusalException {
        final byte[] bytes = ControlCodec.encode(
                new ControlMessage.Refusal(RefusalCode.FAILED, "\u001b]0;owned\u0007\nsecond line"));
        final ControlMessage.Refusal read = (ControlMessage.Refusal) ControlCodec.decode(ByteBuffer.wrap(bytes));
        assertEquals("?]0;owned??second line", read.text());
    }

    @Test
    void shortensALongReason() throws RefusalException {
        final byte[] bytes = ControlCodec.encode(new ControlMessage.Refusal(RefusalCode.FAILED, "ü".repeat(100_000)));
        assertTrue(bytes.length < ControlCodec.MAX_BYTES);
        ControlCodec.decode(ByteBuffer.wrap(bytes));
    }

    @Test
    void theBytesOfAMeasurementAreNoControlMessage() {
        assertFalse(ControlCodec.isControl(ByteBuffer.allocate(7)));
        assertFalse(ControlCodec.isControl(ByteBuffer.allocate(4096)));
        assertFalse(ControlCodec.isControl(
                ByteBuffer.wrap(Arrays.copyOf("LHCTL".getBytes(StandardCharsets.US_ASCII), 1 << 20))));
    }

    private static RefusalException refusal(byte[] bytes) {
        return assertThrows(RefusalException.class, () -> ControlCodec.decode(ByteBuffer.wrap(bytes)));
    }
}
