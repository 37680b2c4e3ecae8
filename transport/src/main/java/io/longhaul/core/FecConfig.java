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
package io.longhaul.core;

import io.longhaul.FecPolicy;
import io.longhaul.core.fec.ErasureKernel;
import io.longhaul.core.fec.XorKernel;
import java.util.function.Supplier;

/// Forward error correction of an engine.
///
/// @param policy when parity is sent
/// @param kernels gives the kernel of the code when it is needed for the first time; engines of one thread may share
/// one
public record FecConfig(FecPolicy policy, Supplier<ErasureKernel> kernels) {
    /// A policy, with a kernel in Java of the engine's own.
    public static FecConfig of(FecPolicy policy) {
        return new FecConfig(policy, XorKernel::new);
    }
}
