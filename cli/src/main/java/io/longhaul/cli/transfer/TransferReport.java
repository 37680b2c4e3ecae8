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

/// What a finished transfer did.
///
/// @param sizeBytes length of the whole
/// @param resumedBytes bytes of it that an earlier try had moved
/// @param seconds from the first posted byte until the receiver had put the whole in its place
/// @param digest digest of the whole, found equal on both sides
public record TransferReport(long sizeBytes, long resumedBytes, double seconds, Digest digest) {
    /// Bytes that this transfer moved.
    public long movedBytes() {
        return sizeBytes - resumedBytes;
    }
}
