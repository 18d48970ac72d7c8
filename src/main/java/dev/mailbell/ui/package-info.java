/**
 * The pages for people, beside the API: assembles those of its sub-packages. {@code ui.page} is
 * what all stand on and says how a page is added; start reading at {@link dev.mailbell.ui.Ui}.
 */
@NullMarked
package dev.mailbell.ui;

import org.jspecify.annotations.NullMarked;
