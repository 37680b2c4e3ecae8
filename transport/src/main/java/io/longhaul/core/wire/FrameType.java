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

/// First byte of a frame.
public final class FrameType {
    /// Fills the rest of the packet; everything after it is ignored.
    public static final int PADDING = 0;
    /// Bytes of a chunk whose operation is known, see {@link DataFlyweight}.
    public static final int DATA = 1;
    /// Bytes of a chunk together with the description of its operation, see {@link OperationFlyweight}.
    public static final int OPERATION = 2;
    /// Says that chunks will never be filled, see {@link VoidFlyweight}.
    public static final int VOID = 3;
    /// Snapshot of what was received, see {@link AckFlyweight}.
    public static final int ACK = 4;
    /// Asks for an answer, see {@link ProbeFlyweight}.
    public static final int PROBE = 5;
    /// Ends the connection, see {@link CloseFlyweight}.
    public static final int CLOSE = 6;
    /// Parity of chunks, see {@link ParityFlyweight}.
    public static final int PARITY = 7;

    private FrameType() {}
}
