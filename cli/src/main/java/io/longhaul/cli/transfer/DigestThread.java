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

import io.longhaul.cli.control.Digest;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Computes a digest in a thread of its own, so that it overlaps with reading, writing and sending.
///
/// Threading: driven by one thread; {@link #close} waits for what is being digested.
final class DigestThread implements AutoCloseable {
    private static final int PREFIX_BYTES = 4 << 20;
    private static final Future<?> NOTHING = CompletableFuture.completedFuture(null);

    private final BlockDigest digest;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(
            task -> Thread.ofPlatform().daemon().name("longhaul-digest").unstarted(task));

    DigestThread(BlockDigest digest) {
        this.digest = digest;
    }

    /// Adds the remaining bytes of a buffer, which must not change until the future is done.
    Future<?> add(ByteBuffer bytes) {
        if (digest instanceof BlockDigest.None) {
            return NOTHING;
        }
        final ByteBuffer own = bytes.duplicate();
        return executor.submit(() -> digest.update(own));
    }

    /// The digest of everything added. Waits for it.
    Digest value() throws InterruptedException {
        return await(executor.submit(digest::value));
    }

    /// Forgets everything added.
    void reset() throws InterruptedException {
        await(executor.submit(() -> {
            digest.reset();
            return true;
        }));
    }

    /// Reads the first bytes of something and digests them.
    void addPrefix(PrefixReader reader, long lengthBytes) throws IOException, InterruptedException, RefusalException {
        final ByteBuffer[] buffers = {ByteBuffer.allocateDirect(PREFIX_BYTES), ByteBuffer.allocateDirect(PREFIX_BYTES)};
        final Future<?>[] pending = new Future<?>[2];
        int turn = 0;
        for (long offset = 0; offset < lengthBytes; ) {
            final Future<?> before = pending[turn];
            if (before != null) {
                await(before);
            }
            final ByteBuffer buffer = buffers[turn].clear();
            buffer.limit((int) Math.min(buffer.capacity(), lengthBytes - offset));
            reader.read(offset, buffer);
            offset += buffer.position();
            pending[turn] = add(buffer.flip());
            turn ^= 1;
        }
        for (Future<?> each : pending) {
            if (each != null) {
                await(each);
            }
        }
    }

    /// Reads bytes at an offset.
    @FunctionalInterface
    interface PrefixReader {
        /// Fills the remaining bytes of the target.
        void read(long offset, ByteBuffer target) throws IOException, RefusalException;
    }

    static <T> T await(Future<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the digest failed", e.getCause());
        }
    }

    @Override
    public void close() {
        executor.close();
    }
}
