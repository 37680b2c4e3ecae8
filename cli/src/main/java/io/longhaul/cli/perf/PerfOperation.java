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
package io.longhaul.cli.perf;

/// What is measured. The ordinals travel: new ones go to the end.
public enum PerfOperation {
    /// One-sided writes.
    WRITE,
    /// One-sided reads.
    READ,
    /// Messages.
    SEND,
    /// One byte stream; an operation is a block of it.
    STREAM,
    /// Fetch-and-add on 8 bytes.
    ATOMIC;

    /// True when the server exposes a region for it.
    boolean needsRegion() {
        return this == WRITE || this == READ || this == ATOMIC;
    }
}
