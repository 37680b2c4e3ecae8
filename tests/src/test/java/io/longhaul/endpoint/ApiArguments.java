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

import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;

/// Bytes as arguments of calls of the public API: right ones, and ones that are out of range, closed, null, negative or
/// huge.
@NullUnmarked // null is one of the arguments
final class ApiArguments implements AutoCloseable {
    private static final int HUGE_BYTES = 1 << 20;

    private static final long[] NUMBERS = {
        0,
        1,
        8,
        7,
        -1,
        64,
        4095,
        4096,
        4097,
        65_537,
        1 << 20,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 48,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private static final Duration[] TIMES = {
        Duration.ZERO,
        Duration.ofNanos(1),
        Duration.ofMillis(1),
        Duration.ofMillis(20),
        Duration.ofSeconds(-1),
        Duration.ofSeconds(Long.MAX_VALUE),
        Duration.ofSeconds(Long.MIN_VALUE),
        null
    };

    private static final String[] NAMES = {"a", "b", "c", "d", "", "n".repeat(255), "n".repeat(256), "\ud800", null};

    final MemorySegment huge;
    final List<RemoteRegion> remotes = new ArrayList<>(); // found so far
    final List<MemorySegment> segments = new ArrayList<>(); // of arenas that may be closed
    private final Arena confined = Arena.ofConfined();
    private final MemorySegment ofOneThread = confined.allocate(8);
    private ByteBuffer input = ByteBuffer.allocate(0);
    private int nulls; // null arguments of the present call

    ApiArguments(Arena arena) {
        huge = arena.allocate(HUGE_BYTES, 8);
    }

    /// Takes the bytes of a sequence.
    void begin(byte[] bytes) {
        input = ByteBuffer.wrap(bytes);
    }

    boolean hasMore() {
        return input.hasRemaining();
    }

    /// The next call has arguments of its own.
    void beginCall() {
        nulls = 0;
    }

    /// True when an argument of the present call is null.
    boolean hadNull() {
        return nulls > 0;
    }

    /// Forgets what belongs to a sequence.
    void forget() {
        remotes.clear();
        segments.clear();
    }

    /// A number below a bound; 0 when the bytes are used up.
    int next(int bound) {
        return input.hasRemaining() ? Byte.toUnsignedInt(input.get()) % bound : 0;
    }

    /// Counts an argument that is null.
    <T> T given(T value) {
        nulls += value == null ? 1 : 0;
        return value;
    }

    Duration time() {
        return given(TIMES[next(TIMES.length)]);
    }

    String name() {
        return given(NAMES[next(NAMES.length)]);
    }

    /// A small number mostly.
    long number() {
        final int value = next(256);
        return value < 192 ? value * 8L : NUMBERS[value % NUMBERS.length];
    }

    MemorySegment segment() {
        final int which = next(16);
        return switch (which) {
            case 8 -> MemorySegment.NULL;
            case 9, 10 -> segments.isEmpty() ? huge : segments.getLast();
            case 11 -> huge;
            case 12 -> MemorySegment.ofArray(new byte[100]);
            case 13 -> ofOneThread;
            case 14 -> huge.asSlice(0, 64).asReadOnly();
            case 15 -> given(null);
            default -> huge.asSlice(8L * next(32), 1L << next(13));
        };
    }

    RemoteRegion remote() {
        final int which = next(8);
        return switch (which) {
            case 6 -> new RemoteRegion("forged", next(256), NUMBERS[next(NUMBERS.length)], Set.of(Right.WRITE));
            case 7 -> given(null);
            default ->
                remotes.isEmpty()
                        ? new RemoteRegion("unknown", 12345, 64, Set.of(Right.READ))
                        : remotes.get(which % remotes.size());
        };
    }

    Grant grant() {
        final int bits = next(16);
        final Set<Right> rights = EnumSet.noneOf(Right.class);
        for (final Right right : Right.values()) {
            if ((bits & 1 << right.ordinal()) != 0) {
                rights.add(right);
            }
        }
        final int more = next(8);
        final Duration lifetime = more == 6 ? TIMES[next(TIMES.length)] : null;
        final int uses = more == 7 ? (int) NUMBERS[next(NUMBERS.length)] : more == 5 ? 1 : 0;
        return more == 4 ? given(null) : new Grant(rights, lifetime, uses);
    }

    /// 1 ms at most: waiting is not what is tried here.
    Duration shortTime() {
        final Duration time = time();
        return time == null || time.compareTo(Duration.ofMillis(1)) <= 0 ? time : Duration.ofMillis(1);
    }

    InetSocketAddress address(Listener listener) {
        return switch (next(6)) {
            case 0 -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
            case 1 -> InetSocketAddress.createUnresolved("no.such.host.invalid", 1);
            case 2 -> given(null);
            default -> listener.localAddress();
        };
    }

    /// A time for which a connection could be waited for, or none.
    Duration connectTime() {
        final Duration time = time();
        return time != null && time.getSeconds() > 1 ? Duration.ofSeconds(4) : time;
    }

    @Override
    public void close() {
        confined.close();
    }
}
