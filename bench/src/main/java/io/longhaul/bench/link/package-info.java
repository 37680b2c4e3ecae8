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
/// A long link that everything can cross, the kernel's TCP included: two TUN devices in two network namespaces, and one
/// thread that carries packets between them as a [io.longhaul.verbs.soft.LinkModel] says.
///
/// May use the system calls (`io.longhaul.linux`) and the models of the software device. Segmentation offload stays on:
/// a read brings up to 64 KiB, and yet loss, rate, queue and delay act on every packet of the wire.
///
/// Threading: each class says.
@NullMarked
package io.longhaul.bench.link;

import org.jspecify.annotations.NullMarked;
