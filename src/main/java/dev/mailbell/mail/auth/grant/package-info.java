/**
 * The rights to request access tokens, one class for each grant of OAuth 2.0. They know what a
 * request needs, and send nothing; start reading at {@link
 * dev.mailbell.mail.auth.grant.TokenGrant}.
 */
@NullMarked
package dev.mailbell.mail.auth.grant;

import org.jspecify.annotations.NullMarked;
