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
package io.longhaul.cli.transfer;

import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Where the bytes of a transfer go.
///
/// Threading: one thread at a time.
public interface BlockSink {
    /// Bytes held from an earlier try, from the start; 0 when there are none.
    default long resumeBytes() {
        return 0;
    }

    /// Fills the remaining bytes of {@code target} with what is held.
    default void readBack(long offset, ByteBuffer target) throws IOException {
        throw new IOException("nothing is held");
    }

    /// Drops what is held: the source is another one.
    default void restart() throws IOException {}

    /// Stores the remaining bytes of {@code block}.
    ///
    /// @throws RefusalException when they are wrong, or there is no room
    void write(long offset, ByteBuffer block) throws IOException, RefusalException;

    /// Called once, after the digests of both sides were found equal: puts the whole in its place.
    void commit() throws IOException, RefusalException;

    /// Called instead of {@link #commit} when the digests differ.
    default void discard() throws IOException {}
}
