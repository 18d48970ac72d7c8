/**
 * The routes of OAuth 2.0 apps, and the pages by which the owner of a mailbox grants an app access.
 * It calls the app's token endpoint by {@code mail.auth}; start reading at {@link
 * dev.mailbell.api.oauth.OAuthRoutes}.
 */
@NullMarked
package dev.mailbell.api.oauth;

import org.jspecify.annotations.NullMarked;
