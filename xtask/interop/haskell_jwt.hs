{-# LANGUAGE OverloadedStrings #-}

-- The package jwt for Haskell: signs an assertion as Adobe's documents say, and verifies the access token with the key that the
-- emulator publishes. It does no HTTP, so curl does.
module Main (main) where

import Control.Monad (unless)
import Crypto.PubKey.RSA (PublicKey (..))
import Data.Bits (shiftL, (.|.))
import Data.ByteArray.Encoding (Base (Base64URLUnpadded), convertFromBase)
import qualified Data.ByteString as Bytes
import qualified Data.ByteString.Char8 as B
import qualified Data.Map.Strict as Map
import Data.Aeson (Value (Bool))
import Data.List (isInfixOf)
import Data.Maybe (isJust)
import qualified Data.Text as T
import Data.Time.Clock.POSIX (getPOSIXTime)
import System.Environment (getEnv)
import System.Exit (exitFailure)
import System.Process (readProcess)
import Web.JWT

metascope :: T.Text
metascope = "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk"

-- The assertion, signed with the key in the file.
assertion :: FilePath -> IO T.Text
assertion file = do
  pem <- B.readFile file
  now <- getPOSIXTime
  key <- maybe (fail (file ++ " is no RSA key")) pure (readRsaSecret pem)
  let claims =
        mempty
          { iss = stringOrURI "TEST@AdobeOrg"
          , sub = stringOrURI "TEST@techacct.adobe.com"
          , aud = Left <$> stringOrURI "https://ims-na1.adobelogin.com/c/test-client"
          , Web.JWT.exp = numericDate (fromInteger (truncate now + 300))
          , unregisteredClaims = ClaimsMap (Map.fromList [(metascope, Bool True)])
          }
  pure (encodeSigned (EncodeRSAPrivateKey key) mempty {typ = Just "JWT", alg = Just RS256} claims)

exchanged :: FilePath -> IO String
exchanged file = do
  url <- getEnv "IMS_URL"
  token <- assertion file
  readProcess "curl"
    [ "--silent", "--noproxy", "*", "-d", "client_id=test-client", "-d", "client_secret=test-secret"
    , "--data-urlencode", "jwt_token=" ++ T.unpack token, url ++ "/ims/exchange/jwt" ] ""

-- The first member of this name in the emulator's JSON, which has no spaces and no escapes here.
member :: T.Text -> String -> T.Text
member name json = T.takeWhile (/= '"') (T.drop (T.length quoted) (snd (T.breakOn quoted (T.pack json))))
  where quoted = T.concat ["\"", name, "\":\""]

publishedKey :: IO PublicKey
publishedKey = do
  url <- getEnv "IMS_URL"
  keys <- readProcess "curl" ["--silent", "--noproxy", "*", url ++ "/ims/keys"] ""
  let octets name = either error id (convertFromBase Base64URLUnpadded (B.pack (T.unpack (member name keys)))) :: B.ByteString
      number = Bytes.foldl' (\sum' octet -> sum' `shiftL` 8 .|. fromIntegral octet) 0
  pure PublicKey {public_size = Bytes.length (octets "n"), public_n = number (octets "n"), public_e = number (octets "e")}

check :: String -> Bool -> String -> IO ()
check name right said = do
  putStrLn ((if right then "ok: " else "WRONG: ") ++ name ++ ": " ++ said)
  unless right exitFailure

main :: IO ()
main = do
  answer <- exchanged "private.key"
  check "exchange" ("access_token" `isInfixOf` answer) (take 60 answer)
  key <- publishedKey
  let verified = decode (member "access_token" answer) >>= verify (VerifyRSAPublicKey key)
  check "the signature of the access token" (isJust verified) "verified"
  refused <- exchanged "other.key"
  check "wrong key" ("invalid_signature" `isInfixOf` refused) refused
