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
/// The lab guest: a throw-away virtual machine with the kernel's Soft-RoCE and netem, and the tests that run in it.
///
/// {@link io.longhaul.lab.RxeLabTest} runs on the host, {@link io.longhaul.lab.GuestTests} in the guest. Any test of
/// the modules native,
/// transport, cli and tests with the tag `guest` runs there and nowhere else.
@NullMarked
package io.longhaul.lab;

import org.jspecify.annotations.NullMarked;
