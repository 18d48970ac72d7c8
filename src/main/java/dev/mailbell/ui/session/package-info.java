/**
 * Who is signed in to the pages, until when, and how a sign-out reaches every node. It calls {@code
 * api.http} and no page; start reading at {@link dev.mailbell.ui.session.Sessions}.
 */
@NullMarked
package dev.mailbell.ui.session;

import org.jspecify.annotations.NullMarked;
