package dev.mailbell.mail.auth.grant;

import java.net.URI;
import java.util.List;

/**
 * The right to request access tokens for one account. Contains secrets, which are never printed.
 */
public sealed interface TokenGrant
        permits OAuthGrant, ClientCredentials, JwtBearer, TokenSupplier, CodeGrant {

    /** The URL that tokens are requested from. */
    URI endpoint();

    /** The secrets of a request, which the endpoint may repeat and no message may contain. */
    List<String> secrets();
}
