/**
 * OAuth 2.0 apps that clients registered, and the consents of mailbox owners. It calls the account
 * and the grants of {@code mail.auth}; start reading at {@link dev.mailbell.oauth.OAuthApp}.
 */
@NullMarked
package dev.mailbell.oauth;

import org.jspecify.annotations.NullMarked;
