package dev.mailbell.mail.auth;

import dev.mailbell.mail.auth.grant.ClientCredentials;
import dev.mailbell.mail.auth.grant.CodeGrant;
import dev.mailbell.mail.auth.grant.JwtBearer;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.mail.auth.grant.TokenSupplier;

/** Says why a token endpoint refuses, and who can do what about it. */
final class TokenAdvice {
    private static final String CONSENT_LINK =
            "let its owner sign in again by a consent link (POST /v1/accounts/{id}/consent)";

    private TokenAdvice() {}

    /** How the API names the URL of a grant's endpoint. */
    static String urlOf(TokenGrant grant) {
        return switch (grant) {
            case OAuthGrant own when !own.ofApp() -> "mail.oauth2.tokenUrl";
            case TokenSupplier supplier -> "mail.oauth2.tokenEndpoint";
            default -> "the app's tokenUrl";
        };
    }

    /** Continues "the token endpoint …". */
    static String what(TokenError.ForOwner cause, TokenGrant grant) {
        return switch (cause) {
            case CONSENT ->
                    switch (grant) {
                        case OAuthGrant refresh -> "no longer accepts the refresh token";
                        case ClientCredentials app -> "does not accept the app";
                        case JwtBearer app -> "does not let the app act for this user";
                        case TokenSupplier supplier -> "has no access token for this mailbox";
                        case CodeGrant code -> "does not accept the authorization code";
                    };
            case APPLICATION -> "does not accept the application";
            case NO_APPLICATION -> "no longer knows or allows the application";
            case POLICY -> "refuses by a policy of the organisation";
            case DENIED -> "says that access was denied";
            case SCOPE -> "does not grant the scope";
            case REQUEST -> "does not understand the request";
            case OTHER -> "refuses the login";
        };
    }

    static String advice(TokenError.ForOwner cause, TokenGrant grant) {
        return switch (grant) {
            case OAuthGrant own when !own.ofApp() -> forOwnGrant(cause);
            case OAuthGrant refresh -> forConsent(cause);
            case CodeGrant code -> forConsent(cause);
            case ClientCredentials app -> forAppOnly(cause);
            case JwtBearer app -> forAppOnly(cause);
            case TokenSupplier supplier ->
                    "correct that at the endpoint, then resume the account"
                            + " (POST /v1/accounts/{id}/resume)";
        };
    }

    private static String forOwnGrant(TokenError.ForOwner cause) {
        return switch (cause) {
            case CONSENT ->
                    "sign in again with the mail provider, and set the new"
                            + " mail.oauth2.refreshToken";
            case APPLICATION ->
                    "check mail.oauth2.clientId and mail.oauth2.clientSecret, and that it may use"
                            + " refresh tokens";
            case NO_APPLICATION ->
                    "its owner has to restore it, or to register another: then set"
                            + " mail.oauth2.clientId, clientSecret and a refreshToken of that one";
            case POLICY ->
                    "an administrator of the mailbox's domain has to allow the application, then"
                            + " sign in again";
            case DENIED ->
                    "the mailbox's owner, or an administrator, has to grant the application access,"
                            + " then sign in again";
            case SCOPE ->
                    "set mail.oauth2.scope to one that the owner agreed to, or sign in again with"
                            + " the scope for this protocol";
            case REQUEST -> "check mail.oauth2.tokenUrl, clientId and refreshToken";
            case OTHER ->
                    "mend what it names, or sign in again with the mail provider and set the new"
                            + " mail.oauth2.refreshToken";
        };
    }

    private static String forConsent(TokenError.ForOwner cause) {
        return switch (cause) {
            case CONSENT, DENIED -> CONSENT_LINK;
            case APPLICATION ->
                    "check clientId and clientSecret or privateKey of the app"
                            + " (PATCH /v1/oauth-apps/{id})";
            case NO_APPLICATION ->
                    "restore it at the provider, or register another app and " + CONSENT_LINK;
            case POLICY ->
                    "an administrator of the mailbox's domain has to allow the application, then "
                            + CONSENT_LINK;
            case SCOPE -> "correct the scope of the app, then " + CONSENT_LINK;
            case REQUEST -> "check tokenUrl, tenant, redirectUrl and clientId of the app";
            case OTHER -> "mend what it names, or " + CONSENT_LINK;
        };
    }

    private static String forAppOnly(TokenError.ForOwner cause) {
        return switch (cause) {
            case CONSENT, DENIED, POLICY ->
                    "check clientId and privateKey of the app and the user name, and that an"
                            + " administrator has granted the app access to this mailbox";
            case APPLICATION ->
                    "check clientId and clientSecret or privateKey of the app"
                            + " (PATCH /v1/oauth-apps/{id})";
            case NO_APPLICATION -> "restore it at the provider, or register another app";
            case SCOPE ->
                    "an administrator has to grant the app this scope, or correct the app's scope";
            case REQUEST -> "check tokenUrl, tenant and clientId of the app";
            case OTHER -> "mend what it names";
        };
    }
}
