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
package io.longhaul.verbs.soft;

import org.jspecify.annotations.Nullable;

/// The message that an unreliable connection is receiving, if any.
///
/// Threading: the owner thread of the data path.
final class InboundMessage {
    private boolean open;
    private boolean write;
    private int expectedPsn;
    private long receivedBytes;
    private long totalBytes;
    private @Nullable SoftMemoryRegion region;
    private long regionOffset;

    /// Sets the number of the first packet.
    void expect(int psn) {
        abandon();
        expectedPsn = psn & BthFlyweight.MASK_24;
    }

    boolean isOpen() {
        return open;
    }

    /// Whether a packet that does not start a message is the next of this one.
    boolean isContinuedBy(int psn, boolean ofWrite) {
        return open && psn == expectedPsn && ofWrite == write;
    }

    void startSend() {
        open = true;
        write = false;
        receivedBytes = 0;
        region = null;
    }

    void startWrite(@Nullable SoftMemoryRegion target, long offset, long bytes) {
        open = true;
        write = true;
        receivedBytes = 0;
        region = target;
        regionOffset = offset;
        totalBytes = bytes;
    }

    /// Notes a packet that was taken.
    void advance(int psn, int bytes) {
        expectedPsn = psn + 1 & BthFlyweight.MASK_24;
        receivedBytes += bytes;
    }

    /// Forgets the message, finished or broken.
    void abandon() {
        open = false;
        region = null;
    }

    long receivedBytes() {
        return receivedBytes;
    }

    /// The length that the first packet of an RDMA WRITE announced.
    long totalBytes() {
        return totalBytes;
    }

    @Nullable
    SoftMemoryRegion region() {
        return region;
    }

    /// Where in its region an RDMA WRITE begins.
    long regionOffset() {
        return regionOffset;
    }
}
