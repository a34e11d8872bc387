# frozen_string_literal: true

# smile-identity-core for Ruby, as its users call it: people and businesses by their numbers (job types 5 and 7), web tokens for them,
# and what is not served.
require_relative 'calling'

class LookupTest < Minitest::Test
  include Calling

  JOE_LEO = { country: 'NG', id_type: 'NIN', id_number: '00000000000' }.freeze
  COMPANY = { country: 'NG', id_type: 'BUSINESS_REGISTRATION', id_number: '0000000', business_type: 'co' }.freeze

  def id_api(key = KEY)
    of_partner(SmileIdentityCore::IDApi, key)
  end

  def businesses
    of_partner(SmileIdentityCore::BusinessVerification)
  end

  def tells_joe(result, params)
    assert_equal ['1012', 'ID Verification', 'Joe Leo', '2000-09-20', '00000000000', 'Not Available'],
      result.values_at('ResultCode', 'ResultType', 'FullName', 'DOB', 'IDNumber', 'PhoneNumber')
    assert_equal({ 'Verify_ID_Number' => 'Verified', 'Return_Personal_Info' => 'Returned' }, result['Actions'])
    assert_equal params.transform_keys(&:to_s), result['PartnerParams']
    assert_equal as_base64('obama'), result['Photo']
    assert signed?(result)
  end

  def test_a_person_s_record_in_the_answer_and_in_the_status
    [
      ->(params) { id_api.submit_job(params, JOE_LEO) },
      ->(params) { api.submit_job(params, [], JOE_LEO, {}) },
    ].each do |ask|
      params = naming(SecureRandom.uuid, 5)
      result = in_zone('America/St_Johns') { JSON.parse(ask.call(params)) }
      tells_joe(result, params)
      kept = status(params)
      assert kept['job_complete'] && kept['job_success']
      assert_equal ['1012'], codes(kept)
      assert_equal result['SmileJobID'], kept['result']['SmileJobID']
      assert_equal result['SmileJobID'], api.get_job_status(params, {})['result']['SmileJobID']
    end
  end

  # The client has no argument for the callback: it passes on whatever stands beside the identity.
  def test_a_person_s_record_at_the_callback
    params = naming(SecureRandom.uuid, 5)
    accepted = id_api.submit_job(params, { **JOE_LEO, callback_url: SETTING['callback'] }, { async: true })
    assert_equal({ 'success' => true }, JSON.parse(accepted))
    kept = 100.times do
      now = status(params)
      break now if now['job_complete']

      sleep 0.2
    end
    tells_joe(kept['result'], params)
    tells_joe(callbacks(kept['result']['SmileJobID'], 1).first, params)
    refused('2213', 'callback_url') { id_api.submit_job(naming('u', 5), JOE_LEO, { async: true }) }
  end

  def test_a_business_s_record
    [
      ->(params) { businesses.submit_job(params, COMPANY) },
      ->(params) { id_api.submit_job(params, COMPANY) },
      ->(params) { api.submit_job(params, [], COMPANY, {}) },
    ].each do |ask|
      params = naming(SecureRandom.uuid, 7)
      result = JSON.parse(ask.call(params))
      assert_equal ['1012', 'Business Verification', true], result.values_at('ResultCode', 'ResultType', 'success')
      assert_equal 'Joe Leo Limited', result['company_information']['legal_name']
      assert signed?(result)
      assert_equal result['SmileJobID'], status(params)['result']['SmileJobID']
    end
    nobody = JSON.parse(businesses.submit_job(naming(SecureRandom.uuid, 7), { **COMPANY, id_number: '0000001' }))
    assert_equal ['1013', false], nobody.values_at('ResultCode', 'success')
  end

  def test_a_number_without_a_record_is_a_result
    {
      { id_number: '00000000001' } => ['1013', 'Not Verified'], { id_number: '00000000002' } => ['1014', 'Not Verified'],
      { id_number: '00000000003' } => ['1015', 'Issuer Unavailable'], { id_number: '12345' } => ['1014', 'Not Verified'],
      { id_type: 'LIBRARY_CARD' } => ['1016', 'Not Done'], { country: 'FR' } => ['1016', 'Not Done'],
    }.each do |change, (code, verified)|
      params = naming(SecureRandom.uuid, 5)
      result = JSON.parse(id_api.submit_job(params, { **JOE_LEO, **change }))
      assert_equal code, result['ResultCode']
      assert_equal({ 'Verify_ID_Number' => verified, 'Return_Personal_Info' => 'Not Returned' }, result['Actions'])
      refute status(params)['job_success']
    end
  end

  def test_what_is_missing_or_wrong_is_named
    user = SecureRandom.uuid
    JOE_LEO.each_key do |name|
      told = assert_raises(ArgumentError) { id_api.submit_job(naming(user, 5), { **JOE_LEO, name => '' }) }
      assert_includes told.message, name.to_s
    end
    assert_raises(ArgumentError) { id_api.submit_job(naming(user, 1), JOE_LEO) }
    refused('2413', 'business_type') { businesses.submit_job(naming(user, 7), COMPANY.except(:business_type)) }
    refused('2204', 'country') { id_api.submit_job(naming(user, 5), { **JOE_LEO, country: 'NGA' }) }
    refused('2205') { id_api('wrong').submit_job(naming(user, 5), JOE_LEO) }
    # The client reads the refusal of an unknown job (2304) as a status without a signature.
    told = assert_raises(RuntimeError) { status(naming(user, 5)) }
    assert_includes told.message, 'Unable to confirm validity'
  end

  def test_web_tokens_for_jobs_with_an_id_number
    post = lambda do |path, body|
      JSON.parse(Net::HTTP.post(URI("#{SETTING['http']}#{path}"), body.to_json, 'Content-Type' => 'application/json').body)
    end
    asked = lambda do |job_type, product|
      params = naming(SecureRandom.uuid, job_type)
      token = JSON.parse(api.get_web_token(params.slice(:user_id, :job_id).merge(product: product)))['token']
      { token: token, partner_id: '2343', smile_client_id: '2343', file_name: 'selfie.zip', partner_params: params }
    end
    assert_equal '2202', post.call('/v1/upload', asked.call(1, 'biometric_kyc'))['code']
    person = { **asked.call(5, 'enhanced_kyc'), **JOE_LEO }
    assert_equal '2205', post.call('/v1/id_verification', person)['code'], 'the record is not the page’s'
    assert_equal({ 'success' => true }, post.call('/v1/async_id_verification', person))
    refused('2212', 'not performed by this server yet') { asked.call(6, 'doc_verification') }
  end

  def test_what_is_not_served_says_so
    screened = { user_id: 'u', job_id: 'j', full_name: 'Joe Leo', birth_year: '2000', countries: ['NG'] }
    refused('2212', 'job_type 10 is not served') { of_partner(SmileIdentityCore::AmlCheck).submit_job(screened) }
    lives = { country: 'ZA', address: '1 Example Road', id_number: '0000000000000', callback_url: SETTING['callback'] }
    refused('2212', 'job_type 12 is not served') { of_partner(SmileIdentityCore::AddressVerification).submit_job(lives) }
  end
end
