// What Swift cannot import from libcurl by itself: variadic functions. And two functions of libcrypto, the library that
// libcurl and libpq load in any case: hashes for signatures and identifiers, behind a signature without its own types.
#ifndef TALLYMAN_CCURL_SHIM_H
#define TALLYMAN_CCURL_SHIM_H

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static inline CURLcode tallyman_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tallyman_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tallyman_curl_set_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tallyman_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tallyman_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(handle, option, value);
}

/// The type of CURLOPT_READFUNCTION, CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION alike.
typedef size_t (*tallyman_curl_data)(char *buffer, size_t size, size_t count, void *context);

static inline CURLcode tallyman_curl_set_data_function(CURL *handle, CURLoption option, tallyman_curl_data function) {
  return curl_easy_setopt(handle, option, function);
}

static inline CURLcode tallyman_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode tallyman_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode tallyman_curl_get_socket(CURL *handle, CURLINFO info, curl_socket_t *value) {
  return curl_easy_getinfo(handle, info, value);
}

/// HMAC-SHA256 of `data`, 32 bytes into `out`; 1 on success.
static inline int tallyman_hmac_sha256(const unsigned char *key, size_t key_length, const unsigned char *data,
                                       size_t data_length, unsigned char *out) {
  unsigned int length = 0;
  return HMAC(EVP_sha256(), key, (int)key_length, data, data_length, out, &length) != NULL && length == 32;
}

/// SHA-256 of `data`, 32 bytes into `out`; 1 on success.
static inline int tallyman_sha256(const unsigned char *data, size_t data_length, unsigned char *out) {
  unsigned int length = 0;
  return EVP_Digest(data, data_length, out, &length, EVP_sha256(), NULL) == 1 && length == 32;
}

#endif
