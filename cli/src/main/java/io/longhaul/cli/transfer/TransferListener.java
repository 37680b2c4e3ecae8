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

/// Is told how far a transfer is, on the thread that drives it. Must be quick.
public interface TransferListener {
    /// Says nothing to anyone.
    TransferListener NONE = new TransferListener() {};

    /// What is held from an earlier try is being compared.
    default void onPrefix(long prefixBytes) {}

    /// Blocks start here: 0, or where an earlier try ended.
    default void onStart(long offset) {}

    /// So many bytes of the whole are done, those of earlier tries included.
    default void onProgress(long doneBytes) {}
}
