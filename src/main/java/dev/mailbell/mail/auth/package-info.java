/** OAuth 2.0: access tokens for mail logins, got and renewed by refresh token (RFC 6749, §6). */
@NullMarked
package dev.mailbell.mail.auth;

import org.jspecify.annotations.NullMarked;
