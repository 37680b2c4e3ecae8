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

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.OperationStatus;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class AnswerQueueTest {
    @Test
    @Tag("fault-37")
    void aPeerThatAsksAndNeverTakesTheAnswersIsFoundOut() {
        final AnswerQueue answers = new AnswerQueue();
        for (int i = 0; i < 1 << 16; i++) {
            answers.reject(i, OperationStatus.REMOTE_ACCESS_ERROR);
        }
        assertFalse(answers.isOverfull());
        answers.lookupAnswer(1, 0, 0, 0);
        assertTrue(answers.isOverfull());
        assertTrue(answers.fillControl(new Piece()));
        assertFalse(answers.isOverfull(), "one was taken");
    }
}
