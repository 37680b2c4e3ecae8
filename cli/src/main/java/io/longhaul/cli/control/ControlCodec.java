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

import io.longhaul.ConnectionStatistics.Limit;
import io.longhaul.ConnectionStatistics.ResendCause;
import io.longhaul.cli.account.SenderAccount;
import io.longhaul.cli.control.ControlMessage.Committed;
import io.longhaul.cli.control.ControlMessage.Credit;
import io.longhaul.cli.control.ControlMessage.FileStamp;
import io.longhaul.cli.control.ControlMessage.Finish;
import io.longhaul.cli.control.ControlMessage.Get;
import io.longhaul.cli.control.ControlMessage.Pattern;
import io.longhaul.cli.control.ControlMessage.PerfClose;
import io.longhaul.cli.control.ControlMessage.PerfDigest;
import io.longhaul.cli.control.ControlMessage.PerfMark;
import io.longhaul.cli.control.ControlMessage.PerfMarked;
import io.longhaul.cli.control.ControlMessage.PerfOpen;
import io.longhaul.cli.control.ControlMessage.PerfReady;
import io.longhaul.cli.control.ControlMessage.PerfVerify;
import io.longhaul.cli.control.ControlMessage.Ping;
import io.longhaul.cli.control.ControlMessage.Prefix;
import io.longhaul.cli.control.ControlMessage.Put;
import io.longhaul.cli.control.ControlMessage.Refusal;
import io.longhaul.cli.control.ControlMessage.Source;
import io.longhaul.cli.control.ControlMessage.Start;
import io.longhaul.cli.control.ControlMessage.Summary;
import io.longhaul.cli.control.ControlMessage.Window;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;

/// Writes and reads control messages.
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------------------------------------------------------+
/// |              "LHCTL" (5 bytes)                |    version    |
/// +-------------------------------+---------------+---------------+
/// |             type              | body: big-endian, see ControlMessage
/// +-------------------------------+-------------------------------
/// ```
///
/// Texts and digests are a 16-bit length and bytes; texts are UTF-8. A message that is too long, too short, has bytes
/// left over, or a value out of its range is refused with BAD_REQUEST, another version with OTHER_VERSION. Nothing is
/// allocated beyond the length of the message.
public final class ControlCodec {
    /// Version of the format. It changes when an old peer would misunderstand a message; a new limit or cause of an
    /// account is such a change.
    public static final int VERSION = 2;

    /// Longest message, bytes.
    public static final int MAX_BYTES = 16 * 1024;

    /// Shortest message: the header.
    public static final int HEADER_BYTES = 8;

    /// Longest path, bytes: PATH_MAX of Linux.
    public static final int MAX_PATH_BYTES = 4096;

    private static final byte[] MAGIC = {'L', 'H', 'C', 'T', 'L'};
    private static final int MAX_NAME_BYTES = 1024;
    private static final int MAX_TEXT_BYTES = 2048;
    private static final int MAX_DIGEST_BYTES = 64;
    private static final int VERSION_OFFSET = 5;

    private ControlCodec() {}

    /// True when the bytes start like a control message. The payload of a measurement never does.
    public static boolean isControl(ByteBuffer bytes) {
        if (bytes.remaining() < HEADER_BYTES || bytes.remaining() > MAX_BYTES) {
            return false;
        }
        for (int i = 0; i < MAGIC.length; i++) {
            if (bytes.get(bytes.position() + i) != MAGIC[i]) {
                return false;
            }
        }
        return true;
    }

    /// Writes a message.
    public static byte[] encode(ControlMessage message) {
        final ByteBuffer out = ByteBuffer.allocate(MAX_BYTES).order(ByteOrder.BIG_ENDIAN);
        out.put(MAGIC).put((byte) VERSION);
        out.putShort((short) Type.of(message).ordinal());
        putBody(out, message);
        final byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    private static void putBody(ByteBuffer out, ControlMessage message) {
        switch (message) {
            case Put(var path, var name, var stamp, var window) -> {
                putText(out, path);
                putText(out, name);
                putStamp(out, stamp);
                out.putLong(window);
            }
            case Get(var path) -> putText(out, path);
            case Source(var stamp) -> putStamp(out, stamp);
            case Pattern(var seed, var size, var window) ->
                out.putLong(seed).putLong(size).putLong(window);
            case Window(var region, var slotBytes, var slots, var resume) -> {
                putText(out, region);
                out.putInt(slotBytes).putInt(slots).putLong(resume);
            }
            case Prefix(var digest) -> putBytes(out, digest.bytes());
            case Start(var offset) -> out.putLong(offset);
            case Credit(var blocks) -> out.putLong(blocks);
            case Finish(var digest) -> putBytes(out, digest.bytes());
            case Committed(var digest) -> putBytes(out, digest.bytes());
            case Refusal(var code, var text) -> {
                out.putShort((short) code.ordinal());
                putText(out, shortened(text));
            }
            case PerfOpen(var operation, var size, var slots, var seed) ->
                out.putInt(operation).putLong(size).putInt(slots).putLong(seed);
            case PerfReady(var region) -> putText(out, region);
            case PerfMarked(var cpu, var messages, var wrong, var account) -> {
                out.putLong(cpu).putLong(messages).putLong(wrong);
                putAccount(out, account);
            }
            case PerfVerify(var bytes) -> out.putLong(bytes);
            case PerfDigest(var crc) -> out.putInt(crc);
            case Summary(var account) -> putAccount(out, account);
            case Ping() -> {}
            case PerfMark() -> {}
            case PerfClose() -> {}
        }
    }

    /// Reads a message from the position to the limit.
    ///
    /// @throws RefusalException BAD_REQUEST or OTHER_VERSION
    public static ControlMessage decode(ByteBuffer bytes) throws RefusalException {
        if (!isControl(bytes)) {
            throw new RefusalException(RefusalCode.BAD_REQUEST, "the peer sent a message that is no control message");
        }
        final ByteBuffer in = bytes.slice().order(ByteOrder.BIG_ENDIAN);
        final int version = Byte.toUnsignedInt(in.get(VERSION_OFFSET));
        if (version != VERSION) {
            throw new RefusalException(
                    RefusalCode.OTHER_VERSION,
                    "the peer's control messages have version " + version + ", ours " + VERSION
                            + "; use the same release on both sides");
        }
        final int number = Short.toUnsignedInt(in.getShort(VERSION_OFFSET + 1));
        in.position(HEADER_BYTES);
        try {
            check(number < Type.ALL.length);
            final ControlMessage message = body(Type.ALL[number], in);
            check(!in.hasRemaining());
            return message;
        } catch (BufferUnderflowException | CharacterCodingException | IllegalArgumentException e) {
            throw new RefusalException(
                    RefusalCode.BAD_REQUEST, "the peer sent a malformed control message of type " + number, e);
        }
    }

    private static ControlMessage body(Type type, ByteBuffer in) throws CharacterCodingException {
        return switch (type) {
            case PUT ->
                new Put(
                        text(in, MAX_PATH_BYTES),
                        text(in, MAX_NAME_BYTES),
                        stamp(in),
                        between(in.getLong(), 0, Long.MAX_VALUE));
            case GET -> new Get(text(in, MAX_PATH_BYTES));
            case SOURCE -> new Source(stamp(in));
            case PATTERN ->
                new Pattern(
                        in.getLong(),
                        between(in.getLong(), 0, Long.MAX_VALUE),
                        between(in.getLong(), 0, Long.MAX_VALUE));
            case WINDOW ->
                new Window(
                        text(in, 255),
                        (int) between(in.getInt(), 0, 1 << 30),
                        (int) between(in.getInt(), 0, 1 << 20),
                        between(in.getLong(), 0, Long.MAX_VALUE));
            case PREFIX -> new Prefix(digest(in));
            case START -> new Start(between(in.getLong(), 0, Long.MAX_VALUE));
            case CREDIT -> new Credit(between(in.getLong(), 0, Long.MAX_VALUE));
            case FINISH -> new Finish(digest(in));
            case COMMITTED -> new Committed(digest(in));
            case REFUSAL -> new Refusal(RefusalCode.of(in.getShort()), printable(text(in, MAX_TEXT_BYTES)));
            case PERF_OPEN ->
                new PerfOpen(
                        (int) between(in.getInt(), 0, 15),
                        between(in.getLong(), 1, 1L << 40),
                        (int) between(in.getInt(), 1, 1 << 24),
                        in.getLong());
            case PERF_READY -> new PerfReady(text(in, 255));
            case PERF_MARK -> new PerfMark();
            case PERF_MARKED -> new PerfMarked(in.getLong(), in.getLong(), in.getLong(), account(in));
            case PERF_VERIFY -> new PerfVerify(between(in.getLong(), 0, Long.MAX_VALUE));
            case PERF_DIGEST -> new PerfDigest(in.getInt());
            case PERF_CLOSE -> new PerfClose();
            case SUMMARY -> new Summary(account(in));
            case PING -> new Ping();
        };
    }

    private static void putAccount(ByteBuffer out, SenderAccount account) {
        for (Limit each : Limit.values()) {
            out.putLong(account.limitedNanos(each));
        }
        for (ResendCause each : ResendCause.values()) {
            out.putLong(account.resentBytes(each));
        }
        out.putLong(account.needlessBytes()).putLong(account.parityBytes());
    }

    private static SenderAccount account(ByteBuffer in) {
        final EnumMap<Limit, Long> limits = new EnumMap<>(Limit.class);
        for (Limit each : Limit.values()) {
            limits.put(each, between(in.getLong(), 0, Long.MAX_VALUE / Limit.values().length));
        }
        final EnumMap<ResendCause, Long> causes = new EnumMap<>(ResendCause.class);
        for (ResendCause each : ResendCause.values()) {
            causes.put(each, between(in.getLong(), 0, Long.MAX_VALUE / ResendCause.values().length));
        }
        return new SenderAccount(
                limits, causes, between(in.getLong(), 0, Long.MAX_VALUE), between(in.getLong(), 0, Long.MAX_VALUE));
    }

    private static void putText(ByteBuffer out, String text) {
        putBytes(out, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void putBytes(ByteBuffer out, byte[] bytes) {
        if (bytes.length > MAX_PATH_BYTES) {
            throw new IllegalArgumentException("a field of " + bytes.length + " bytes does not fit a control message");
        }
        out.putShort((short) bytes.length).put(bytes);
    }

    private static void putStamp(ByteBuffer out, FileStamp stamp) {
        out.putLong(stamp.sizeBytes())
                .putLong(stamp.modifiedSeconds())
                .putInt(stamp.modifiedNanos())
                .putInt(stamp.mode());
    }

    private static FileStamp stamp(ByteBuffer in) {
        return new FileStamp(
                between(in.getLong(), 0, Long.MAX_VALUE),
                between(in.getLong(), -(1L << 40), 1L << 40),
                (int) between(in.getInt(), 0, 999_999_999),
                (int) between(in.getInt(), -1, 0777));
    }

    private static Digest digest(ByteBuffer in) {
        return Digest.of(bytes(in, MAX_DIGEST_BYTES));
    }

    private static String text(ByteBuffer in, int most) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)
                .decode(ByteBuffer.wrap(bytes(in, most)))
                .toString();
    }

    private static byte[] bytes(ByteBuffer in, int most) {
        final int length = Short.toUnsignedInt(in.getShort());
        check(length <= most && length <= in.remaining());
        final byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private static long between(long value, long least, long most) {
        check(value >= least && value <= most);
        return value;
    }

    private static void check(boolean valid) {
        if (!valid) {
            throw new IllegalArgumentException("a field is out of its range");
        }
    }

    private static String shortened(String text) {
        return text.length() <= MAX_TEXT_BYTES / 4 ? text : text.substring(0, MAX_TEXT_BYTES / 4) + "...";
    }

    /// What a peer says is shown on a terminal: control characters must not reach it.
    private static String printable(String text) {
        final StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> out.appendCodePoint(Character.isISOControl(c) || !Character.isDefined(c) ? '?' : c));
        return out.toString();
    }

    /// Types in the order of their numbers: new ones go to the end.
    private enum Type {
        PUT,
        GET,
        SOURCE,
        PATTERN,
        WINDOW,
        PREFIX,
        START,
        CREDIT,
        FINISH,
        COMMITTED,
        REFUSAL,
        PERF_OPEN,
        PERF_READY,
        PERF_MARK,
        PERF_MARKED,
        PERF_VERIFY,
        PERF_DIGEST,
        PERF_CLOSE,
        SUMMARY,
        PING;

        static final Type[] ALL = values();

        static Type of(ControlMessage message) {
            return switch (message) {
                case Put _ -> PUT;
                case Get _ -> GET;
                case Source _ -> SOURCE;
                case Pattern _ -> PATTERN;
                case Window _ -> WINDOW;
                case Prefix _ -> PREFIX;
                case Start _ -> START;
                case Credit _ -> CREDIT;
                case Finish _ -> FINISH;
                case Committed _ -> COMMITTED;
                case Refusal _ -> REFUSAL;
                case PerfOpen _ -> PERF_OPEN;
                case PerfReady _ -> PERF_READY;
                case PerfMark _ -> PERF_MARK;
                case PerfMarked _ -> PERF_MARKED;
                case PerfVerify _ -> PERF_VERIFY;
                case PerfDigest _ -> PERF_DIGEST;
                case PerfClose _ -> PERF_CLOSE;
                case Summary _ -> SUMMARY;
                case Ping _ -> PING;
            };
        }
    }
}
