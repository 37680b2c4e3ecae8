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
package io.longhaul.core.wire;

/// The immediate of an RDMA WRITE WITH IMMEDIATE that places a chunk: which chunk it is, in 32 bits.
///
/// {@snippet lang=text :
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         lower 24 bits of the CSN              |P|     try     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// }
///
/// P (parity) and try are 0: a chunk is placed at most once, what is repeated travels as SEND.
public final class PlacedImmediate {
    /// Chunks in flight at most while chunks are placed: a quarter of what 24 bits tell apart.
    public static final long MAX_WINDOW_CHUNKS = 1L << 22;

    private static final int CSN_SHIFT = 8;
    private static final long CSN_MASK = 0xff_ffffL;
    private static final long HALF = 1L << 23;
    private static final int RESERVED_MASK = 0xff;

    private PlacedImmediate() {}

    /// The immediate for the first transmission of a chunk.
    public static int of(long csn) {
        return (int) (csn & CSN_MASK) << CSN_SHIFT;
    }

    /// False when parity or try are set, which nobody sends in this version.
    public static boolean isKnown(int immediate) {
        return (immediate & RESERVED_MASK) == 0;
    }

    /// The CSN that an immediate names: of those with these 24 bits, the one nearest to {@code aroundCsn}; below 0
    /// when there is none.
    ///
    /// @param aroundCsn cumulative CSN of the receiver, 0 and more
    public static long csn(int immediate, long aroundCsn) {
        final long low = immediate >>> CSN_SHIFT & CSN_MASK;
        final long distance = low - aroundCsn & CSN_MASK;
        return aroundCsn + (distance < HALF ? distance : distance - (CSN_MASK + 1));
    }
}
