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

import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.LonghaulConfig;
import io.longhaul.core.EngineConfig;
import io.longhaul.endpoint.BootstrapMessage.Announcement;
import io.longhaul.endpoint.BootstrapMessage.PlacementOffer;
import io.longhaul.endpoint.BootstrapMessage.Refusal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Bytes of the bootstrap messages: a header that is the same in every version, and a body. Network byte order.
///
/// {@snippet lang=text :
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |       'L'     |      'H'      |      'U'      |      'L'      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |            version            |     type      |   reserved    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                  bytes of the body, 0..65524                  |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// }
///
/// A body may be longer than the fields known here: what follows them is ignored, so that fields can be added.
final class BootstrapCodec {
    /// Version of the bootstrap and of the packets that follow it.
    static final int VERSION = 1;

    /// Bytes of the header.
    static final int HEADER_BYTES = 12;

    /// Longest message, header included.
    static final int MAX_BYTES = 64 * 1024;

    /// Longest text of a refusal, UTF-8 bytes.
    static final int MAX_TEXT_BYTES = 1024;

    private static final int MAGIC = 0x4C48_554C; // "LHUL"
    private static final int TYPE_HELLO = 1;
    private static final int TYPE_ANSWER = 2;
    private static final int TYPE_REFUSAL = 3;
    private static final int LANE_BYTES = 10;
    private static final int ANY_CHUNK_SIZE = 1;
    private static final int CARRIES_PACKETS = 2;
    private static final int PLACEMENT_BYTES = Integer.BYTES + 2 + DirectLanes.MAX_LANES * LANE_BYTES;
    private static final int FIXED_BYTES = 5 * Long.BYTES + Integer.BYTES + 3 * Long.BYTES + Integer.BYTES + 2 + 16;
    private static final long MAX_RTT_NANOS = 60_000_000_000L;
    private static final long MAX_CREDIT_BYTES = 1L << 48;
    private static final int MAX_WINDOW_CHUNKS = 1 << 24;

    private BootstrapCodec() {}

    /// What the header says.
    ///
    /// @param version version of the sender
    /// @param type kind of message
    /// @param bodyBytes bytes that follow
    record Header(int version, int type, int bodyBytes) {}

    /// Writes a message of this version; the buffer is ready to be read.
    static ByteBuffer encode(BootstrapMessage message) {
        return encode(message, VERSION);
    }

    static ByteBuffer encode(BootstrapMessage message, int version) {
        return switch (message) {
            case Announcement announcement -> encodeAnnouncement(announcement, version);
            case Refusal refusal -> encodeRefusal(refusal, version);
        };
    }

    private static ByteBuffer encodeAnnouncement(Announcement message, int version) {
        final byte[] address = parse(message.address()).getAddress();
        final ByteBuffer bytes =
                ByteBuffer.allocate(HEADER_BYTES + FIXED_BYTES + message.lanes().size() * LANE_BYTES + PLACEMENT_BYTES);
        header(bytes, version, message.answer() ? TYPE_ANSWER : TYPE_HELLO);
        bytes.putLong(message.connectionId()).putLong(message.nonce()).putLong(message.features());
        bytes.putLong(message.rttNanos()).putInt(message.maxPacketBytes());
        final EngineConfig.PeerLimits limits = message.limits();
        bytes.putLong(limits.messageCreditBytes())
                .putLong(limits.maxMessageBytes())
                .putLong(limits.streamCreditBytes())
                .putLong(limits.windowChunks())
                .putInt(limits.maxInboundReads());
        bytes.put((byte) address.length).put(address);
        putLanes(bytes, message.lanes());
        final PlacementOffer placement = message.placement();
        if (placement != null) {
            final int anySize = placement.anyChunkSize() ? ANY_CHUNK_SIZE : 0;
            final int packets = placement.carriesPackets() ? CARRIES_PACKETS : 0;
            bytes.putInt(placement.maxChunkBytes()).put((byte) (anySize | packets));
            putLanes(bytes, placement.lanes());
        }
        return finish(bytes);
    }

    private static void putLanes(ByteBuffer bytes, List<LaneAddress> lanes) {
        bytes.put((byte) lanes.size());
        for (final LaneAddress lane : lanes) {
            bytes.putInt(lane.queuePair()).putInt(lane.queueKey()).putShort((short) lane.udpPort());
        }
    }

    private static ByteBuffer encodeRefusal(Refusal message, int version) {
        final byte[] full = message.text().getBytes(StandardCharsets.UTF_8);
        final byte[] text = full.length > MAX_TEXT_BYTES ? Arrays.copyOf(full, MAX_TEXT_BYTES) : full;
        final ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + 2 * Short.BYTES + text.length);
        header(bytes, version, TYPE_REFUSAL);
        bytes.putShort((short) message.code()).putShort((short) text.length).put(text);
        return finish(bytes);
    }

    private static void header(ByteBuffer bytes, int version, int type) {
        bytes.putInt(MAGIC)
                .putShort((short) version)
                .put((byte) type)
                .put((byte) 0)
                .putInt(0);
    }

    private static ByteBuffer finish(ByteBuffer bytes) {
        bytes.flip();
        return bytes.putInt(HEADER_BYTES - Integer.BYTES, bytes.limit() - HEADER_BYTES);
    }

    /// True when the first four bytes are those of a Longhaul.
    static boolean isMagic(ByteBuffer bytes) {
        return bytes.getInt(0) == MAGIC;
    }

    /// Reads a header whose magic was checked.
    ///
    /// @throws ConnectionException PROTOCOL_VIOLATION when the length is out of range
    static Header header(ByteBuffer bytes) {
        final int bodyBytes = bytes.getInt(8);
        if (bodyBytes < 0 || bodyBytes > MAX_BYTES - HEADER_BYTES) {
            throw violation("announces a body of " + Integer.toUnsignedLong(bodyBytes) + " bytes; at most "
                    + (MAX_BYTES - HEADER_BYTES) + " are allowed");
        }
        return new Header(Short.toUnsignedInt(bytes.getShort(4)), bytes.get(6) & 0xff, bodyBytes);
    }

    /// Reads a body of this version.
    ///
    /// @param body exactly the bytes of the body
    /// @throws ConnectionException PROTOCOL_VIOLATION when it is malformed
    static BootstrapMessage decode(Header header, ByteBuffer body) {
        try {
            return switch (header.type()) {
                case TYPE_HELLO -> announcement(body, false);
                case TYPE_ANSWER -> announcement(body, true);
                case TYPE_REFUSAL -> refusal(body);
                default -> throw violation("has the unknown type " + header.type());
            };
        } catch (BufferUnderflowException e) {
            throw violation("ends in the middle of a field");
        }
    }

    private static Announcement announcement(ByteBuffer body, boolean answer) {
        final long connectionId = body.getLong();
        final long nonce = body.getLong();
        final long features = body.getLong();
        check(connectionId != 0, "connection id", connectionId);
        final long rttNanos = inRange("round trip", body.getLong(), 1, MAX_RTT_NANOS);
        final int maxPacketBytes = (int) inRange("packet size", body.getInt(), 512, 65_000);
        final EngineConfig.PeerLimits limits = new EngineConfig.PeerLimits(
                inRange("message credit", body.getLong(), 0, MAX_CREDIT_BYTES),
                inRange("longest message", body.getLong(), 0, MAX_CREDIT_BYTES),
                inRange("stream credit", body.getLong(), 0, MAX_CREDIT_BYTES),
                inRange("window", body.getLong(), 64, MAX_WINDOW_CHUNKS),
                (int) inRange("number of reads", body.getInt(), 0, 1 << 16));
        final String address = address(body);
        final List<LaneAddress> lanes = lanes(body, LonghaulConfig.MAX_LANES);
        final PlacementOffer placement = (features & Announcement.FEATURE_PLACEMENT) == 0 ? null : placement(body);
        return new Announcement(
                answer, connectionId, nonce, features, rttNanos, maxPacketBytes, limits, address, lanes, placement);
    }

    private static PlacementOffer placement(ByteBuffer body) {
        final int maxChunkBytes = (int) inRange("size of placed chunks", body.getInt(), 256, 65_000);
        final int flags = body.get();
        return new PlacementOffer(
                maxChunkBytes,
                (flags & ANY_CHUNK_SIZE) != 0,
                (flags & CARRIES_PACKETS) != 0,
                lanes(body, DirectLanes.MAX_LANES));
    }

    private static List<LaneAddress> lanes(ByteBuffer body, int most) {
        final int count = (int) inRange("number of lanes", body.get() & 0xff, 1, most);
        final List<LaneAddress> lanes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            final int queuePair = (int) inRange("queue pair", body.getInt(), 0, 0xff_ffff);
            final int queueKey = body.getInt();
            final int port = (int) inRange("UDP port", Short.toUnsignedInt(body.getShort()), 1, 0xffff);
            lanes.add(new LaneAddress(queuePair, queueKey, port));
        }
        return lanes;
    }

    private static String address(ByteBuffer body) {
        final int length = body.get() & 0xff;
        check(length == 4 || length == 16, "length of an address", length);
        final byte[] raw = new byte[length];
        body.get(raw);
        try {
            return InetAddress.getByAddress(raw).getHostAddress();
        } catch (UnknownHostException e) {
            throw new AssertionError("an address of 4 or 16 bytes is valid", e);
        }
    }

    private static InetAddress parse(String literal) {
        return InetAddress.ofLiteral(literal);
    }

    private static Refusal refusal(ByteBuffer body) {
        final int code = Short.toUnsignedInt(body.getShort());
        final int length = (int) inRange("length of a text", Short.toUnsignedInt(body.getShort()), 0, MAX_TEXT_BYTES);
        final byte[] text = new byte[length];
        body.get(text);
        return new Refusal(code, printable(new String(text, StandardCharsets.UTF_8)));
    }

    /// A peer's text goes to terminals and logs: control characters do not.
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", " ");
    }

    private static long inRange(String what, long value, long least, long most) {
        if (value < least || value > most) {
            throw violation("has a " + what + " of " + value + ", outside " + least + ".." + most);
        }
        return value;
    }

    private static void check(boolean valid, String what, long value) {
        if (!valid) {
            throw violation("has an invalid " + what + ": " + value);
        }
    }

    private static ConnectionException violation(String what) {
        return new ConnectionException(
                Reason.PROTOCOL_VIOLATION,
                "a bootstrap message of the peer " + what + "; both ends must run the same release of Longhaul");
    }
}
