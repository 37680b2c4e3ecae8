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
package io.longhaul;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.time.Duration;

/// A reliable, ordered byte stream inside a connection; each direction closes on its own.
///
/// Blocking calls wait for at least one byte of room or data; {@link #tryRead} and {@link #tryWrite} never wait. A loss
/// in
/// one stream does not delay another.
///
/// Threading: one reader and one writer at a time.
public interface ByteStream extends ByteChannel {
    /// Number of the stream, unique in its connection.
    int id();

    /// Waits for data. Returns the bytes read, or -1 at the end of the stream.
    @Override
    int read(ByteBuffer target) throws IOException;

    /// Waits until all bytes are accepted. Returns the bytes taken.
    @Override
    int write(ByteBuffer source) throws IOException;

    /// Reads what has arrived: 0 when nothing has, -1 at the end of the stream.
    int tryRead(ByteBuffer target) throws IOException;

    /// Takes what there is room for: 0 when there is none.
    int tryWrite(ByteBuffer source) throws IOException;

    /// True when {@link #tryRead} would not return 0.
    boolean isReadable();

    /// True when {@link #tryWrite} would take at least one byte.
    boolean isWritable();

    /// Sets what is run, on the agent's thread, when the stream becomes readable, writable, or ends. Must not
    /// block.
    void onReady(Runnable callback);

    /// Ends the output; the peer reads -1 after the last byte. Input stays open. Idempotent.
    void shutdownOutput() throws IOException;

    /// Sets how long blocking calls wait; zero waits without limit.
    void timeout(Duration timeout);

    /// Ends both directions; unread input is dropped.
    @Override
    void close() throws IOException;
}
