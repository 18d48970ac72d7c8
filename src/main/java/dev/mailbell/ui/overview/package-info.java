/** The page that says whether everything is watched, and what needs you. */
@NullMarked
package dev.mailbell.ui.overview;

import org.jspecify.annotations.NullMarked;
